package io.moesaic.router.trunk;

import io.moesaic.tensor.Matrix;
import java.util.List;
import java.util.stream.IntStream;

/// Prompts and texts for an encoder and a decoder, in tests.
final class EncodedTexts {
  private final Trunks trunk;

  EncodedTexts(Trunks trunk) {
    this.trunk = trunk;
  }

  KvSequence allocate(int[] prompt, int[] text) {
    return trunk.pool.allocate(prompt.length, text.length);
  }

  /// Encodes prompts in one pass.
  void encode(List<KvSequence> caches, List<int[]> prompts, MoeLayer moe) {
    pass(caches, prompts, new int[prompts.size()], false, moe);
  }

  /// Computes the next tokens of texts in one pass.
  ///
  /// @param from how many of each text's tokens have been computed
  /// @return logits of all rows
  Matrix decode(List<KvSequence> caches, List<int[]> tokens, int[] from, MoeLayer moe) {
    var positions =
        IntStream.range(0, from.length).map(i -> caches.get(i).encoded() + from[i]).toArray();
    return pass(caches, tokens, positions, true, moe);
  }

  private Matrix pass(
      List<KvSequence> caches, List<int[]> tokens, int[] from, boolean logits, MoeLayer moe) {
    var all = tokens.stream().flatMapToInt(IntStream::of).toArray();
    var rows = new int[] {0};
    var segments =
        IntStream.range(0, caches.size())
            .mapToObj(
                i -> {
                  int count = tokens.get(i).length;
                  rows[0] += count;
                  return new StepBatch.Segment(caches.get(i), rows[0] - count, count, from[i]);
                })
            .toList();
    var logitRows = logits ? IntStream.range(0, all.length).toArray() : new int[0];
    return trunk.trunk.forward(
        new StepBatch(all, segments, logitRows), moe, new RowFailures(all.length));
  }

  /// Logits of all positions of a text, computed in one pass.
  Matrix logits(int[] prompt, int[] text, MoeLayer encoderMoe, MoeLayer decoderMoe) {
    try (var cache = allocate(prompt, text)) {
      encode(List.of(cache), List.of(prompt), encoderMoe);
      return decode(List.of(cache), List.of(text), new int[1], decoderMoe);
    }
  }
}
