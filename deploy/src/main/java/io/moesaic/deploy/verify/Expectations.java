package io.moesaic.deploy.verify;

import io.moesaic.router.gate.ModelPolicy;
import io.moesaic.router.trunk.TrunkConfig;
import io.moesaic.tensor.DType;
import io.moesaic.tensor.Shape;
import io.moesaic.tensor.Tensor;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.checkpoint.CheckpointException;
import io.moesaic.tensor.checkpoint.ModelConfig;
import io.moesaic.tensor.ffn.ExpertBank;
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
/// A model that encodes prompts has texts of `D` tokens beside them, and `D` instead of `T` in the
/// logits and in the decoder's blocks. Its choices tell what was dropped:
///
/// ```
///   decoder_input_ids  [B, D]           I64
///   topk_index.<l>     [B * T, experts] I64  1 for each expert that has the token, else 0
///   greedy_ids         [B, 1 + n]       I64  what texts begin with, continued by n tokens
/// ```
/// Only the ids of prompts and texts and the logits must be there.
final class Expectations implements AutoCloseable {
  private final Path file;
  private final Checkpoint tensors;
  private final TrunkConfig model;
  private final int experts;
  private final int expertsPerToken;
  private final Arena arena = Arena.ofShared();
  private final List<int[]> prompts;
  private final List<int[]> texts;
  private final List<int[]> greedy;
  private final Tensor logits;

  private Expectations(Path file, ModelConfig config) {
    this.file = file;
    model = TrunkConfig.of(config);
    experts = ExpertBank.of(config).experts();
    expertsPerToken = ModelPolicy.of(config).ranks(experts);
    tensors = Checkpoint.openFile(file);
    try {
      requireSameKind();
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
      greedy = readGreedy();
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /// @throws CheckpointException when the file is missing, malformed or of another model
  static Expectations open(Path file, ModelConfig config) {
    return new Expectations(file, config);
  }

  /// Whether prompts are encoded apart from their texts.
  private boolean encodes() {
    return model.encodesPrompts();
  }

  private void requireSameKind() {
    boolean texts = tensors.has("decoder_input_ids");
    if (texts && !encodes()) {
      throw new CheckpointException(
          file,
          "has decoder_input_ids, so it was computed from an encoder-decoder, but the model is a"
              + " decoder");
    }
    if (!texts && encodes()) {
      throw new CheckpointException(
          file,
          "has no decoder_input_ids, which it must have for an encoder-decoder, as the model is"
              + " one");
    }
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

  /// The prompt if it is encoded apart from its text, else nothing.
  int[] encoded(int prompt) {
    return encodes() ? prompts.get(prompt) : new int[0];
  }

  /// The tokens whose logits are known: a text for each prompt, or the prompts.
  List<int[]> texts() {
    return texts;
  }

  /// What a greedy text begins with: its prompt, or the token that stands before a text whose
  /// prompt is encoded.
  int[] greedyBegin(int prompt) {
    return encodes() ? new int[] {greedy.get(prompt)[0]} : prompts.get(prompt);
  }

  /// Texts with their beginnings, as a greedy reader writes them; empty when there are none.
  List<int[]> greedy() {
    return greedy;
  }

  int longestPrompt() {
    return promptTokens();
  }

  int longestText() {
    return Math.max(textTokens(), greedy.isEmpty() ? 0 : greedy.getFirst().length);
  }

  private int promptTokens() {
    return prompts.getFirst().length;
  }

  private int textTokens() {
    return texts.getFirst().length;
  }

  float logit(int text, int position, int token) {
    long row = (long) text * textTokens() + position;
    return logits.getFloat(row * model.vocabulary() + token);
  }

  /// Standard deviation of all logits.
  double logitsDeviation() {
    long count = logits.shape().elements();
    double sum = 0;
    double squares = 0;
    for (long i = 0; i < count; i++) {
      double logit = logits.getFloat(i);
      sum += logit;
      squares += logit * logit;
    }
    double mean = sum / count;
    return Math.sqrt(Math.max(0, squares / count - mean * mean));
  }

  /// Rows of a prompt, or of its text, that pass a MoE block.
  int rowsOfPrompt(int layer) {
    return layer < model.encoderMoeLayers() ? promptTokens() : textTokens();
  }

  private long rows(int layer) {
    return (long) prompts.size() * rowsOfPrompt(layer);
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

  /// The experts of each row.
  Optional<ExpectedChoices> choices(int layer) {
    var name = "topk_index." + layer;
    if (!tensors.names().contains(name)) {
      return Optional.empty();
    }
    var tensor = integers(name);
    var shape = Shape.of(rows(layer), encodes() ? experts : expertsPerToken);
    if (!tensor.shape().equals(shape)) {
      throw new CheckpointException(
          file, "tensor \"%s\" has shape %s, must be %s".formatted(name, tensor.shape(), shape));
    }
    return Optional.of(
        encodes() ? new ExpectedChoices.Mask(tensor) : new ExpectedChoices.Numbers(tensor));
  }

  private List<int[]> readGreedy() {
    if (!tensors.names().contains("greedy_ids")) {
      return List.of();
    }
    var ids = ids("greedy_ids", model.vocabulary());
    boolean continued =
        ids.size() == prompts.size()
            && IntStream.range(0, ids.size())
                .allMatch(i -> encodes() || begins(ids.get(i), prompts.get(i)));
    if (!continued) {
      throw new CheckpointException(
          file,
          "tensor \"greedy_ids\" does not hold %s and its continuation"
              .formatted(encodes() ? "a text for each prompt" : "each of input_ids"));
    }
    return ids;
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
