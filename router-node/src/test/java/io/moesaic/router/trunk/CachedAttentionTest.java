package io.moesaic.router.trunk;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Kernels;
import io.moesaic.tensor.kernel.Panel;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Attention in blocks against the same in plain loops, one query and one position after the other.
class CachedAttentionTest {
  private static final long SEED = 20261122;
  private static final int POSITIONS = 250;
  private static final float SCALE = 0.3f;

  private final Random random = new Random(SEED);

  @Test
  void blocksOfKeysAndValuesEqualPlainLoops() {
    for (int width : new int[] {6, 70}) {
      var keys = random(POSITIONS, width);
      var values = random(POSITIONS, width);
      try (var pool = new KvPool(new KvLayout(1, 1, width, width), POSITIONS);
          var cache = pool.allocate(POSITIONS)) {
        for (int p = 0; p < POSITIONS; p++) {
          cache.putKey(0, 0, p, keys, p, 0);
          cache.putValue(0, 0, p, values, p, 0);
        }
        equalsPlainLoops(keys, values, cache, memory(cache));
      }
    }
  }

  private static CachedAttention.Memory memory(KvSequence cache) {
    return new CachedAttention.Memory() {
      @Override
      public Panel keys(int block) {
        return cache.keys(block, 0, 0);
      }

      @Override
      public Panel values(int block, int panel, int from, int positions) {
        return cache.values(block, 0, 0, panel, from, positions);
      }
    };
  }

  @Test
  void latentsAsKeysAndAsValuesEqualPlainLoops() {
    for (int latent : new int[] {6, 80}) {
      var config = new AttentionConfig.Latent(3, 0, latent, 4, 6, 5, SCALE, false, false);
      var keys = random(POSITIONS, config.key());
      try (var pool = new KvPool(config.kept(1), POSITIONS);
          var cache = pool.allocate(POSITIONS)) {
        for (int p = 0; p < POSITIONS; p++) {
          cache.putKey(0, 0, p, keys, p, 0);
        }
        var memory = new LatentScratch(config).memory(cache, 0);
        equalsPlainLoops(keys, keys.columns(0, latent), cache, memory);
      }
    }
  }

  private void equalsPlainLoops(
      Matrix keys, Matrix values, KvSequence cache, CachedAttention.Memory memory) {
    int group = 3;
    var attention = new CachedAttention(Kernels.best(), group, keys.cols(), values.cols());
    for (var window : new Window[] {Window.ALL, new Window(5), new Window(70)}) {
      for (float[] sinks : new float[][] {{}, {-1, 0.5f, 20}}) {
        for (int first : new int[] {0, 55, 63, 127, 200}) {
          for (int rows : new int[] {1, 2, RowBlock.MOST}) {
            var block = new RowBlock(cache, 0, rows, first);
            var queries = attention.queries(rows * group);
            fill(queries);
            var copy = copy(queries);
            var sums = attention.attend(block, window, SCALE, sinks, memory);
            for (int i = 0; i < rows * group; i++) {
              int position = first + i / group;
              var expected =
                  plain(copy, i, keys, values, window.from(position), position, sinks, i % group);
              for (int v = 0; v < values.cols(); v++) {
                assertEquals(
                    Float.floatToRawIntBits(expected[v]),
                    Float.floatToRawIntBits(sums.get(i, v)),
                    "seed %d, %s, %d sinks, %d rows from %d, query %d"
                        .formatted(SEED, window, sinks.length, rows, first, i));
              }
            }
          }
        }
      }
    }
  }

  private static float[] plain(
      Matrix queries,
      int query,
      Matrix keys,
      Matrix values,
      int from,
      int position,
      float[] sinks,
      int sink) {
    var weights = Matrix.allocate(1, POSITIONS + 1);
    for (int p = from; p <= position; p++) {
      float score = 0;
      for (int k = 0; k < keys.cols(); k++) {
        score = Math.fma(keys.get(p, k), queries.get(query, k), score);
      }
      weights.set(0, p, score * SCALE);
    }
    int end = position + 1;
    if (sinks.length > 0) {
      weights.set(0, end++, sinks[sink]);
    }
    Kernels.scalar().softmax(weights, 0, from, end, 1);
    var sums = new float[values.cols()];
    for (int p = from; p <= position; p++) {
      for (int v = 0; v < sums.length; v++) {
        sums[v] = Math.fma(values.get(p, v), weights.get(0, p), sums[v]);
      }
    }
    return sums;
  }

  private Matrix random(int rows, int cols) {
    var matrix = Matrix.allocate(rows, cols);
    fill(matrix);
    return matrix;
  }

  private void fill(Matrix matrix) {
    for (int row = 0; row < matrix.rows(); row++) {
      for (int i = 0; i < matrix.cols(); i++) {
        matrix.set(row, i, (float) random.nextGaussian());
      }
    }
  }

  private static Matrix copy(Matrix matrix) {
    var copy = Matrix.allocate(matrix.rows(), matrix.cols());
    for (int row = 0; row < matrix.rows(); row++) {
      copy.copyRow(row, matrix, row);
    }
    return copy;
  }
}
