package io.moesaic.router.trunk;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import io.moesaic.router.trunk.AttentionConfig.Latent;
import io.moesaic.tensor.DType;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Panel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// One thread's working memory of [LatentAttention].
final class LatentScratch {
  private static final long PANEL = Panel.bytes(DType.F32, KvPool.BLOCK);

  private final int latent;
  private final Matrix latents;
  private final Matrix products;
  private final MemorySegment values;

  LatentScratch(Latent config) {
    latent = config.latent();
    latents = Matrix.allocate(RowBlock.MOST, latent);
    products = Matrix.allocate(RowBlock.MOST, Math.max(latent, config.value()));
    values = Arena.ofAuto().allocate(Math.ceilDiv(latent, Panel.COLUMNS) * PANEL, 64);
  }

  /// One head's weighted sums, `[rows, latent]`.
  Matrix latents(int rows) {
    return latents.rows(0, rows);
  }

  /// One head's product, with room for whole panels of the widest.
  Matrix products(int rows) {
    return products.rows(0, rows);
  }

  /// A sequence's latents as keys and as values. Memory holds them once, as keys; a block's values
  /// are their transpose:
  ///
  /// ```
  ///   key     a line of 64 positions for each element of the latent, and of the turned key
  ///   value   a line of 64 elements of the latent for each position
  /// ```
  CachedAttention.Memory memory(KvSequence cache, int layer) {
    return new CachedAttention.Memory() {
      private int transposed = -1;

      @Override
      public Panel keys(int block) {
        return cache.keys(block, layer, 0);
      }

      @Override
      public Panel values(int block, int panel, int from, int positions) {
        if (block != transposed) {
          transpose(keys(block));
          transposed = block;
        }
        long at = panel * PANEL + Panel.bytes(DType.F32, from);
        return new Panel(values, at, DType.F32, positions);
      }
    };
  }

  private void transpose(Panel keys) {
    for (int element = 0; element < latent; element++) {
      long from = keys.offset() + Panel.bytes(DType.F32, element);
      long to = element / Panel.COLUMNS * PANEL + element % Panel.COLUMNS * 4L;
      for (int position = 0; position < KvPool.BLOCK; position++) {
        float value = keys.data().get(JAVA_FLOAT, from + position * 4L);
        values.set(JAVA_FLOAT, to + Panel.bytes(DType.F32, position), value);
      }
    }
  }
}
