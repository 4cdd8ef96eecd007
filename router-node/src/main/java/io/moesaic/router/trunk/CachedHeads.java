package io.moesaic.router.trunk;

import io.moesaic.router.trunk.AttentionConfig.Grouped;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Compute;
import io.moesaic.tensor.kernel.Panel;
import java.util.List;

/// The heads of a layer: what they keep of each position, and how their queries attend to it. Knows
/// not where queries, keys and values come from.
///
/// @param layer whose memory it is
/// @param config the dimensions
/// @param sight which positions the queries attend to
/// @param weightings of each key-value head's queries
/// @param attention of each thread, shared by all layers
record CachedHeads(
    int layer,
    Grouped config,
    Sight sight,
    List<Weighting> weightings,
    ThreadLocal<CachedAttention> attention) {
  /// Stores what is kept of some rows.
  ///
  /// @param keysAndValues all rows of the step: the keys of all heads, then the values
  void store(RowBlock rows, Matrix keysAndValues) {
    int width = config.headDim();
    for (int i = 0; i < rows.rows(); i++) {
      int row = rows.firstRow() + i;
      int place = rows.firstPlace() + i;
      for (int head = 0; head < config.kvHeads(); head++) {
        int column = head * width;
        rows.cache().putKey(layer, head, place, keysAndValues, row, column);
        rows.cache().putValue(layer, head, place, keysAndValues, row, config.keys() + column);
      }
    }
  }

  /// Attends with all heads' queries; a task takes a few rows and one key-value head.
  ///
  /// @param queries of all rows of the step, in the first columns
  /// @param output `[rows, config.queries()]`, overwritten
  void attend(List<RowBlock> blocks, Matrix queries, Matrix output, Compute compute) {
    int heads = config.kvHeads();
    compute
        .pool()
        .run(blocks.size() * heads, i -> attend(blocks.get(i / heads), i % heads, queries, output));
  }

  private void attend(RowBlock rows, int head, Matrix allQueries, Matrix output) {
    int group = config.group();
    int width = config.headDim();
    var own = attention.get();
    var queries = own.queries(rows.rows() * group);
    for (int i = 0; i < queries.rows(); i++) {
      int column = (head * group + i % group) * width;
      int from = allQueries.at(rows.firstRow() + i / group) + column;
      System.arraycopy(allQueries.data(), from, queries.data(), queries.at(i), width);
    }
    var sums = own.attend(rows, sight, weightings.get(head), memory(rows.cache(), head));
    for (int i = 0; i < sums.rows(); i++) {
      int to = output.at(rows.firstRow() + i / group) + (head * group + i % group) * width;
      System.arraycopy(sums.data(), sums.at(i), output.data(), to, width);
    }
  }

  private CachedAttention.Memory memory(KvSequence cache, int head) {
    return new CachedAttention.Memory() {
      @Override
      public Panel keys(int block) {
        return cache.keys(block, layer, head);
      }

      @Override
      public Panel values(int block, int panel, int from, int positions) {
        return cache.values(block, layer, head, panel, from, positions);
      }
    };
  }
}
