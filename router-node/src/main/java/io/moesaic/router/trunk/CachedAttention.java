package io.moesaic.router.trunk;

import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Kernels;
import io.moesaic.tensor.kernel.Panel;

/// Softmax attention of a few query rows over the positions that a sequence has in memory:
///
/// ```
///   scores    queries [n, K] · keys [K, 64]      block by block
///   weights   softmax over the positions that the row attends to, by the weighting
///   sums      weights · values [64, V]           block by block, positions ascending
/// ```
/// What a row computes is the same alone and in company: products do not depend on the number of
/// rows, and positions out of a row's sight are not in its sums. Knows nothing of heads and of what
/// queries and values are made of.
///
/// One thread's working memory; it grows with the longest sequence that it has seen.
final class CachedAttention {
  /// Keys and values, in blocks of 64 positions from the beginning of the sequence.
  interface Memory {
    /// A line for each element of a key, a column for each position of a block.
    Panel keys(int block);

    /// 64 elements of the values of a block: a line for each of the positions from `from` on.
    Panel values(int block, int panel, int from, int positions);
  }

  private final Kernels kernels;
  private final Matrix allQueries;
  private final Matrix allSums;
  private Matrix allWeights;
  private Matrix queries;
  private Matrix sums;

  /// What all layers of a model need.
  static CachedAttention of(AttentionConfig config, Kernels kernels) {
    return switch (config) {
      case AttentionConfig.Grouped grouped ->
          new CachedAttention(kernels, grouped.group(), grouped.headDim(), grouped.headDim());
      case AttentionConfig.Latent latent ->
          new CachedAttention(kernels, LatentAttention.HEADS, latent.key(), latent.latent());
    };
  }

  /// @param mostQueries of one row
  CachedAttention(Kernels kernels, int mostQueries, int keyWidth, int valueWidth) {
    this.kernels = kernels;
    int rows = RowBlock.MOST * mostQueries;
    allQueries = Matrix.allocate(rows, keyWidth);
    allSums = Matrix.allocate(rows, valueWidth);
    allWeights = Matrix.allocate(rows, 4 * KvPool.BLOCK);
    queries = allQueries;
    sums = allSums;
  }

  /// Begins with so many queries, all of a row's next to each other.
  ///
  /// @return `[count, keyWidth]`, to be filled
  Matrix queries(int count) {
    queries = allQueries.rows(0, count);
    sums = allSums.rows(0, count);
    return queries;
  }

  /// Attends with the queries that were filled in.
  ///
  /// @param rows which have the same number of queries each
  /// @return `[queries, valueWidth]`, until the next call
  Matrix attend(RowBlock rows, Sight sight, Weighting weighting, Memory memory) {
    var cache = rows.cache();
    int group = queries.rows() / rows.rows();
    int from = sight.from(cache, rows.firstPlace());
    int firstBlock = from / KvPool.BLOCK;
    int lastBlock = (sight.end(cache, rows.lastPlace()) - 1) / KvPool.BLOCK;
    // Columns are counted from the first block; that is a multiple of the kernels' 16 lanes.
    int origin = firstBlock * KvPool.BLOCK;
    var weights = weights((lastBlock - firstBlock + 1) * KvPool.BLOCK);
    for (int block = firstBlock; block <= lastBlock; block++) {
      var columns = weights.columns(block * KvPool.BLOCK - origin, KvPool.BLOCK);
      kernels.panel(queries, memory.keys(block), columns, false);
    }
    for (int i = 0; i < queries.rows(); i++) {
      int place = rows.firstPlace() + i / group;
      int first = sight.from(cache, place) - origin;
      int end = sight.end(cache, place) - origin;
      switch (weighting) {
        case Weighting.Scaled(float scale) -> kernels.softmax(weights, i, first, end, scale);
        case Weighting.WithSinks(float scale, float[] sinks) ->
            softmax(weights, i, first, end, scale, sinks[i % group]);
        case Weighting.Biased(var bias, int head) -> {
          for (int column = first; column < end; column++) {
            float added = bias.at(head, origin + column - place);
            weights.set(i, column, weights.get(i, column) + added);
          }
          kernels.softmax(weights, i, first, end, 1);
        }
      }
    }
    // All rows attend to what the first of them does, unless a window moves with them.
    boolean shared = sight.from(cache, rows.lastPlace()) == from;
    int sharedTo = shared ? sight.end(cache, rows.firstPlace()) : from;
    for (int block = firstBlock; block <= lastBlock; block++) {
      var sums = new BlockSums(block, origin, weights, memory);
      sums.add(0, queries.rows(), from, from, sharedTo);
      for (int i = 0; i < rows.rows(); i++) {
        int place = rows.firstPlace() + i;
        int start = sight.from(cache, place);
        int end = sight.end(cache, place);
        sums.add(i * group, group, start, Math.max(sharedTo, start), end);
      }
    }
    return sums;
  }

  /// Room for the weights of so many positions, and for a sink behind them.
  private Matrix weights(int positions) {
    if (positions >= allWeights.cols()) {
      allWeights =
          Matrix.allocate(
              allWeights.rows(), Math.max(positions + KvPool.BLOCK, 2 * allWeights.cols()));
    }
    return allWeights.rows(0, queries.rows());
  }

  /// The sink stands in the column behind the row's own position, so that its lane in the sum
  /// depends on that only. Nobody reads its weight.
  private void softmax(Matrix weights, int row, int first, int end, float scale, float sink) {
    for (int i = first; i < end; i++) {
      weights.set(row, i, weights.get(row, i) * scale);
    }
    weights.set(row, end, sink);
    kernels.softmax(weights, row, first, end + 1, 1);
  }

  /// The weighted sums of one block's values.
  private final class BlockSums {
    private final int block;
    private final int origin;
    private final Matrix weights;
    private final Memory memory;

    BlockSums(int block, int origin, Matrix weights, Memory memory) {
      this.block = block;
      this.origin = origin;
      this.weights = weights;
      this.memory = memory;
    }

    /// Adds what of the positions `from <= p < to` is in this block to some queries' sums, which
    /// begin at position `start`.
    void add(int query, int count, int start, int from, int to) {
      int at = Math.max(from, block * KvPool.BLOCK);
      int end = Math.min(to, (block + 1) * KvPool.BLOCK);
      if (at >= end) {
        return;
      }
      var columns = weights.rows(query, count).columns(at - origin, end - at);
      int panels = Math.ceilDiv(sums.cols(), Panel.COLUMNS);
      for (int panel = 0; panel < panels; panel++) {
        var values = memory.values(block, panel, at % KvPool.BLOCK, end - at);
        var sum = sums.rows(query, count).columns(panel * Panel.COLUMNS, Panel.COLUMNS);
        kernels.panel(columns, values, sum, at > start);
      }
    }
  }
}
