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
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
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
/// Of a model that encodes prompts, for texts of `D` tokens, with `D` instead of `T` in the logits
/// and in the decoder's MoE blocks:
///
/// ```
///   decoder_input_ids  [B, D]          I64
///   topk_index.<l>     [B * T, experts] I64  1 for a token's expert, 0 for the others
///   greedy_ids         [B, 1 + n]      I64  the token that texts begin with, continued by n tokens
/// ```
/// Only the ids of prompts and texts and the logits must be there.
final class Expectations implements AutoCloseable {
  private final Path file;
  private final Checkpoint tensors;
  private final TrunkConfig model;
  private final Experts experts;
  private final Arena arena = Arena.ofShared();
  private final List<int[]> prompts;
  private final List<int[]> texts;
  private final Tensor logits;

  /// @param perToken that a token goes to
  /// @param count of a layer
  record Experts(int perToken, int count) {}

  private Expectations(Path file, TrunkConfig model, Experts experts) {
    this.file = file;
    this.model = model;
    this.experts = experts;
    tensors = Checkpoint.openFile(file);
    try {
      prompts = ids("input_ids", model.vocabulary());
      texts = encodes() ? ids("decoder_input_ids", model.vocabulary()) : prompts;
      if (texts.size() != prompts.size()) {
        throw new CheckpointException(
            file,
            "tensor \"decoder_input_ids\" has %d texts, must be %d, one for each prompt"
                .formatted(texts.size(), prompts.size()));
      }
      logits =
          tensors.map("logits", Shape.of(texts.size(), textTokens(), model.vocabulary()), arena);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /// @throws CheckpointException when the file is missing, malformed or of another model
  static Expectations open(Path file, TrunkConfig model, Experts experts) {
    return new Expectations(file, model, experts);
  }

  /// Whether prompts are encoded apart from their texts.
  boolean encodes() {
    return model.startToken().isPresent();
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

  /// The tokens whose logits are known: a text for each prompt, or the prompts.
  List<int[]> texts() {
    return texts;
  }

  int textTokens() {
    return texts.getFirst().length;
  }

  float logit(int text, int position, int token) {
    long row = (long) text * textTokens() + position;
    return logits.getFloat(row * model.vocabulary() + token);
  }

  /// Rows that pass a MoE block.
  private long rows(int layer) {
    return (long) prompts.size()
        * (layer < model.encoderMoeLayers() ? promptTokens() : textTokens());
  }

  /// The block's input, `[rows, hidden]`.
  Optional<Tensor> hiddenIn(int layer) {
    return hidden("hidden_in.", layer);
  }

  /// The block's output, `[rows, hidden]`.
  Optional<Tensor> hiddenOut(int layer) {
    return hidden("hidden_out.", layer);
  }

  private Optional<Tensor> hidden(String prefix, int layer) {
    var name = prefix + layer;
    return tensors.names().contains(name)
        ? Optional.of(tensors.map(name, Shape.of(rows(layer), model.hidden()), arena))
        : Optional.empty();
  }

  /// The experts of each row: fewer than its token asked for, if some were dropped.
  Optional<List<Set<Integer>>> choices(int layer) {
    var name = "topk_index." + layer;
    if (!tensors.names().contains(name)) {
      return Optional.empty();
    }
    var tensor = integers(name);
    int width = encodes() ? experts.count : experts.perToken;
    var shape = Shape.of(rows(layer), width);
    if (!tensor.shape().equals(shape)) {
      throw new CheckpointException(
          file, "tensor \"%s\" has shape %s, must be %s".formatted(name, tensor.shape(), shape));
    }
    List<Set<Integer>> rows = new ArrayList<>();
    for (long row = 0; row < rows(layer); row++) {
      Set<Integer> chosen = new HashSet<>();
      for (int i = 0; i < width; i++) {
        int value = (int) tensor.getLong(row * width + i);
        if (!encodes()) {
          chosen.add(value);
        } else if (value == 1) {
          chosen.add(i);
        }
      }
      rows.add(Set.copyOf(chosen));
    }
    return Optional.of(rows);
  }

  /// Each prompt, or the token that texts begin with, with its greedy continuation; empty when
  // there
  /// is none.
  ///
  /// @throws CheckpointException when they do not continue that
  List<int[]> greedy() {
    var name = "greedy_ids";
    if (!tensors.names().contains(name)) {
      return List.of();
    }
    var greedy = ids(name, model.vocabulary());
    boolean continued =
        greedy.size() == prompts.size()
            && IntStream.range(0, greedy.size())
                .allMatch(i -> begins(greedy.get(i), greedyBegin(i)));
    if (!continued) {
      throw new CheckpointException(
          file,
          "tensor \"greedy_ids\" does not hold %s and its continuation"
              .formatted(encodes() ? "the first token of each text" : "each of input_ids"));
    }
    return greedy;
  }

  /// What the greedy tokens of a prompt continue.
  int[] greedyBegin(int prompt) {
    return encodes() ? new int[] {model.startToken().orElseThrow()} : prompts.get(prompt);
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
