package io.moesaic.router.trunk;

import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.kernel.Compute;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/// A loaded trunk with its memory, for tests.
public final class Trunks implements AutoCloseable {
  public final TrunkConfig config;
  public final Trunk trunk;
  public final KvPool pool;
  private final Arena arena = Arena.ofShared();
  private final Compute compute;

  public Trunks(Path model, TrunkConfig config, int threads) {
    this.config = config;
    compute = Compute.on(threads, "trunk");
    try (var checkpoint = Checkpoint.open(model)) {
      trunk = Trunk.load(config, checkpoint, compute, arena, _ -> {});
    }
    pool = new KvPool(config, 16 * KvPool.BLOCK);
  }

  /// The same with another window in all layers.
  static TrunkConfig withWindow(TrunkConfig trunk, int positions) {
    var config = (DecoderConfig) trunk;
    var layers =
        config.layers().stream()
            .map(layer -> new DecoderConfig.Layer(new Window(positions), layer.block()))
            .toList();
    return new DecoderConfig(
        config.hidden(),
        config.vocabulary(),
        config.maxPositions(),
        config.epsilon(),
        config.tiedHead(),
        config.multipliers(),
        config.rotary(),
        config.attention(),
        layers);
  }

  /// Logits of all positions of one sequence, computed in one pass.
  public Matrix logits(int[] tokens, MoeLayer moe) {
    try (var cache = pool.allocate(tokens.length)) {
      var segment = new StepBatch.Segment(cache, 0, tokens.length, 0);
      int[] all = IntStream.range(0, tokens.length).toArray();
      var batch = new StepBatch(tokens, List.of(segment), all);
      return trunk.forward(batch, moe, new RowFailures(tokens.length));
    }
  }

  @Override
  public void close() {
    pool.close();
    compute.close();
    arena.close();
  }
}
