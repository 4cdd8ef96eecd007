package io.moesaic.router.trunk;

import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.kernel.Compute;
import java.lang.foreign.Arena;
import java.util.function.LongConsumer;

/// A loaded model without its experts. Every row's result depends on its own sequence only,
/// whatever else is in the batch.
///
/// Not safe for concurrent use: one thread leads, the compute pool helps.
public sealed interface Trunk permits DecoderTrunk, EncoderDecoderTrunk {
  /// Loads the tensors of the trunk, and none of the MoE blocks'.
  ///
  /// @param compute what the trunk runs on
  /// @param arena owns what is packed and mapped
  /// @param progress told how many bytes of the checkpoint have been read so far
  /// @throws io.moesaic.tensor.checkpoint.CheckpointException when a tensor is missing or of
  ///     another shape or type than the model needs
  static Trunk load(
      TrunkConfig config,
      Checkpoint checkpoint,
      Compute compute,
      Arena arena,
      LongConsumer progress) {
    var loader = new WeightLoader(checkpoint, arena, progress);
    return switch (config) {
      case DecoderConfig decoder ->
          new DecoderTrunk(decoder, DecoderWeights.load(decoder, loader), compute);
      case EncoderDecoderConfig both ->
          new EncoderDecoderTrunk(both, EncoderDecoderWeights.load(both, loader), compute);
    };
  }

  /// Bytes of the checkpoint that [#load] reads, from the headers alone.
  static long storedBytes(TrunkConfig config, Checkpoint checkpoint) {
    return checkpoint.names().stream()
        .filter(
            name ->
                switch (config) {
                  case DecoderConfig decoder -> DecoderWeights.isOfTrunk(decoder, name);
                  case EncoderDecoderConfig both ->
                      EncoderDecoderWeights.isOfTrunk(both, checkpoint, name);
                })
        .mapToLong(name -> checkpoint.info(name).bytes())
        .sum();
  }

  TrunkConfig config();

  /// Runs a batch through all layers and stores its keys and values.
  ///
  /// A prompt that is encoded apart from its text is a segment by itself and whole. Such segments
  /// have no logits, and a batch has none beside them.
  ///
  /// @param failures rows that failed on the way; their logits are undefined
  /// @return `[batch.logitRows, vocabulary]`
  Matrix forward(StepBatch batch, MoeLayer moe, RowFailures failures);

  /// Bytes in memory, mapped embeddings included.
  long bytes();
}
