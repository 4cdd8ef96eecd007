package io.moesaic.deploy.verify;

import io.moesaic.router.trunk.TrunkConfig;
import io.moesaic.tensor.DType;
import io.moesaic.tensor.Shape;
import io.moesaic.tensor.Tensor;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.checkpoint.CheckpointException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// What a reference implementation computed, from an `expected.safetensors`, for `B` prompts of `T`
/// tokens:
///
/// ```
///   input_ids       [B, T]          I64
///   logits          [B, T, vocab]
///   hidden_in.<l>   [B * T, hidden]  input and output of the MoE block of layer l
///   hidden_out.<l>  [B * T, hidden]
///   topk_index.<l>  [B * T, k]      I64  experts of each token, in any order
///   greedy_ids      [B, T + n]      I64  the prompts, each continued by n tokens
/// ```
/// Only the first two must be there.
final class Expectations implements AutoCloseable {
  private final Path file;
  private final Checkpoint tensors;
  private final TrunkConfig model;
  private final int expertsPerToken;
  private final Arena arena = Arena.ofShared();
  private final List<int[]> prompts;
  private final Tensor logits;

  private Expectations(Path file, TrunkConfig model, int expertsPerToken) {
    this.file = file;
    this.model = model;
    this.expertsPerToken = expertsPerToken;
    tensors = Checkpoint.openFile(file);
    try {
      prompts = ids("input_ids", model.vocabulary());
      logits =
          tensors.map(
              "logits", Shape.of(prompts.size(), promptTokens(), model.vocabulary()), arena);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /// @throws CheckpointException when the file is missing, malformed or of another model
  static Expectations open(Path file, TrunkConfig model, int expertsPerToken) {
    return new Expectations(file, model, expertsPerToken);
  }

  private List<int[]> ids(String name, int bound) {
    var tensor = integers(name);
    if (tensor.shape().rank() != 2 || tensor.shape().elements() == 0) {
      throw new CheckpointException(
          file, "tensor \"%s\" has shape %s, must be [B, T]".formatted(name, tensor.shape()));
    }
    int length = Math.toIntExact(tensor.shape().dim(1));
    List<int[]> rows = new ArrayList<>();
    for (int row = 0; row < tensor.shape().dim(0); row++) {
      var ids = new int[length];
      for (int i = 0; i < length; i++) {
        long id = tensor.getLong((long) row * length + i);
        if (id < 0 || id >= bound) {
          throw new CheckpointException(
              file,
              "tensor \"%s\" holds %d at [%d, %d], must be from 0 to %d"
                  .formatted(name, id, row, i, bound - 1));
        }
        ids[i] = (int) id;
      }
      rows.add(ids);
    }
    return List.copyOf(rows);
  }

  private Tensor integers(String name) {
    if (tensors.info(name).dtype() != DType.I64) {
      throw new CheckpointException(
          file, "tensor \"%s\" is %s, must be I64".formatted(name, tensors.info(name).dtype()));
    }
    return tensors.map(name, arena);
  }

  List<int[]> prompts() {
    return prompts;
  }

  int promptTokens() {
    return prompts.getFirst().length;
  }

  float logit(int prompt, int position, int token) {
    long row = (long) prompt * promptTokens() + position;
    return logits.getFloat(row * model.vocabulary() + token);
  }

  /// The block's input, `[B * T, hidden]`.
  Optional<Tensor> hiddenIn(int layer) {
    return hidden("hidden_in." + layer);
  }

  /// The block's output, `[B * T, hidden]`.
  Optional<Tensor> hiddenOut(int layer) {
    return hidden("hidden_out." + layer);
  }

  private Optional<Tensor> hidden(String name) {
    var shape = Shape.of((long) prompts.size() * promptTokens(), model.hidden());
    return tensors.names().contains(name)
        ? Optional.of(tensors.map(name, shape, arena))
        : Optional.empty();
  }

  /// The chosen experts, `[B * T, k]`.
  Optional<Tensor> choices(int layer) {
    var name = "topk_index." + layer;
    if (!tensors.names().contains(name)) {
      return Optional.empty();
    }
    var tensor = integers(name);
    var shape = Shape.of((long) prompts.size() * promptTokens(), expertsPerToken);
    if (!tensor.shape().equals(shape)) {
      throw new CheckpointException(
          file, "tensor \"%s\" has shape %s, must be %s".formatted(name, tensor.shape(), shape));
    }
    return Optional.of(tensor);
  }

  /// Each prompt with its greedy continuation; empty when there is none.
  ///
  /// @throws CheckpointException when they do not continue the prompts
  List<int[]> greedy() {
    var name = "greedy_ids";
    if (!tensors.names().contains(name)) {
      return List.of();
    }
    var greedy = ids(name, model.vocabulary());
    boolean continued =
        greedy.size() == prompts.size()
            && IntStream.range(0, greedy.size())
                .allMatch(i -> begins(greedy.get(i), prompts.get(i)));
    if (!continued) {
      throw new CheckpointException(
          file, "tensor \"" + name + "\" does not hold each of input_ids and its continuation");
    }
    return greedy;
  }

  private static boolean begins(int[] ids, int[] prompt) {
    return ids.length >= prompt.length
        && Arrays.equals(ids, 0, prompt.length, prompt, 0, prompt.length);
  }

  @Override
  public void close() {
    tensors.close();
    arena.close();
  }
}
