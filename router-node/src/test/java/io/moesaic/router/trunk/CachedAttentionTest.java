package io.moesaic.router.trunk;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Kernels;
import io.moesaic.tensor.kernel.Panel;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Attention in blocks against the same in plain loops, one query and one position after the other.
class CachedAttentionTest {
  private static final long SEED = 20261122;
  private static final int POSITIONS = 250;
  private static final float SCALE = 0.3f;

  private static final int GROUP = 3;

  private final Random random = new Random(SEED);

  private final List<Weighting> weightings =
      List.of(
          new Weighting.Scaled(SCALE),
          new Weighting.WithSinks(SCALE, new float[] {-1, 0.5f, 20}),
          new Weighting.Biased(new RelativeBias(30, new float[][] {biases(), biases()}), 1));

  private float[] biases() {
    var biases = new float[61];
    for (int i = 0; i < biases.length; i++) {
      biases[i] = (float) random.nextGaussian();
    }
    return biases;
  }

  @Test
  void blocksOfKeysAndValuesEqualPlainLoops() {
    for (int width : new int[] {6, 70}) {
      var keys = random(POSITIONS, width);
      var values = random(POSITIONS, width);
      for (int encoded : new int[] {0, 100}) {
        try (var pool = new KvPool(new KvLayout(1, 1, width, width), POSITIONS);
            var cache =
                pool.allocate(encoded, POSITIONS - KvPool.blocksFor(encoded) * KvPool.BLOCK)) {
          for (int p = 0; p < POSITIONS; p++) {
            cache.putKey(0, 0, p, keys, p, 0);
            cache.putValue(0, 0, p, values, p, 0);
          }
          equalsPlainLoops(keys, values, cache, memory(cache));
        }
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
    var attention = new CachedAttention(Kernels.best(), GROUP, keys.cols(), values.cols());
    for (var sight : sights(cache)) {
      for (var weighting : weightings) {
        for (int first : firstPositions(cache)) {
          for (int rows : new int[] {1, 2, RowBlock.MOST}) {
            var block = new RowBlock(cache, 0, rows, first);
            var queries = attention.queries(rows * GROUP);
            fill(queries);
            var copy = copy(queries);
            var sums = attention.attend(block, sight, weighting, memory);
            for (int i = 0; i < rows * GROUP; i++) {
              int position = first + i / GROUP;
              var scores = scores(copy, i, keys);
              var expected = plain(scores, sight, weighting, cache, position, i % GROUP, values);
              for (int v = 0; v < values.cols(); v++) {
                assertEquals(
                    Float.floatToRawIntBits(expected[v]),
                    Float.floatToRawIntBits(sums.get(i, v)),
                    "seed %d, %s, %s, %d rows from %d, query %d"
                        .formatted(SEED, sight, weighting, rows, first, i));
              }
            }
          }
        }
      }
    }
  }

  private static List<Sight> sights(KvSequence cache) {
    List<Sight> windows = List.of(Window.ALL, new Window(5), new Window(70));
    return cache.encoded() == 0
        ? windows
        : Stream.concat(windows.stream(), Stream.of(new EncodedPrompt())).toList();
  }

  /// Of rows of the text.
  private static int[] firstPositions(KvSequence cache) {
    return IntStream.of(0, 55, 63, 127, 200)
        .map(position -> cache.textBegin() + position)
        .filter(position -> position + RowBlock.MOST <= POSITIONS)
        .toArray();
  }

  private static float[] scores(Matrix queries, int query, Matrix keys) {
    var scores = new float[POSITIONS];
    for (int p = 0; p < POSITIONS; p++) {
      for (int k = 0; k < keys.cols(); k++) {
        scores[p] = Math.fma(keys.get(p, k), queries.get(query, k), scores[p]);
      }
    }
    return scores;
  }

  private static float[] plain(
      float[] scores,
      Sight sight,
      Weighting weighting,
      KvSequence cache,
      int position,
      int query,
      Matrix values) {
    int from = sight.from(cache, position);
    int end = sight.end(cache, position);
    var weights = Matrix.allocate(1, POSITIONS + 1);
    for (int p = from; p < end; p++) {
      float weight =
          switch (weighting) {
            case Weighting.Scaled(float scale) -> scores[p] * scale;
            case Weighting.WithSinks(float scale, _) -> scores[p] * scale;
            case Weighting.Biased(var bias, int head) -> {
              int distance = Math.max(-30, Math.min(p - position, 30));
              yield scores[p] + bias.biases()[head][30 + distance];
            }
          };
      weights.set(0, p, weight);
    }
    int last = end;
    if (weighting instanceof Weighting.WithSinks(_, float[] sinks)) {
      weights.set(0, last++, sinks[query]);
    }
    Kernels.scalar().softmax(weights, 0, from, last, 1);
    var sums = new float[values.cols()];
    for (int p = from; p < end; p++) {
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
