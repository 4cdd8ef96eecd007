package io.moesaic.router.trunk;

import io.moesaic.router.trunk.StepBatch.Segment;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Compute;
import io.moesaic.tensor.kernel.Kernels;
import io.moesaic.tensor.kernel.Panel;
import java.util.ArrayList;
import java.util.List;

/// Grouped-query attention of one layer over cached keys and values.
///
/// ```
///   qkv row   | q head 0 | q head 1 | ... | k head 0 | ... | v head 0 | ... |
///   rotate q and k, store k and v, then for each key-value head:
///   scores    q [group, D] · keys [D, 64]      block by block
///   weights   softmax over the positions that the row attends to
///   output    weights · values [64, D]         block by block, positions ascending
/// ```
/// A task takes a few rows of one sequence and one key-value head, so that prefill reads each block
/// of keys once for all of them. What a row computes is the same alone and in company: products do
/// not depend on the number of rows, and positions past a row's own are not in its sums.
final class Attention {
  /// Rows of a task.
  private static final int ROW_BLOCK = 16;

  private final TrunkConfig config;
  private final Compute compute;
  private final float scale;
  private final ThreadLocal<Scratch> scratch;

  Attention(TrunkConfig config, Compute compute) {
    this.config = config;
    this.compute = compute;
    this.scale = (float) (1 / Math.sqrt(config.headDim()));
    this.scratch = ThreadLocal.withInitial(() -> new Scratch(config));
  }

  /// @param qkv `[rows, (heads + 2 kvHeads) D]`; queries and keys are rotated in place
  /// @param output `[rows, heads D]`
  void forward(
      int layer, StepBatch batch, RotaryEmbedding.Angles angles, Matrix qkv, Matrix output) {
    var tasks = tasks(batch);
    compute.pool().run(tasks.size(), i -> store(layer, tasks.get(i), angles, qkv));
    int heads = config.kvHeads();
    compute
        .pool()
        .run(
            tasks.size() * heads, i -> attend(layer, tasks.get(i / heads), i % heads, qkv, output));
  }

  /// A few rows of one sequence.
  private record Rows(KvSequence cache, int first, int count, int position) {}

  private static List<Rows> tasks(StepBatch batch) {
    List<Rows> tasks = new ArrayList<>();
    for (Segment segment : batch.segments()) {
      for (int i = 0; i < segment.rows(); i += ROW_BLOCK) {
        tasks.add(
            new Rows(
                segment.cache(),
                segment.firstRow() + i,
                Math.min(ROW_BLOCK, segment.rows() - i),
                segment.firstPosition() + i));
      }
    }
    return tasks;
  }

  private void store(int layer, Rows rows, RotaryEmbedding.Angles angles, Matrix qkv) {
    int width = config.headDim();
    int keysAt = config.heads() * width;
    int valuesAt = keysAt + config.kvHeads() * width;
    for (int i = 0; i < rows.count; i++) {
      int row = rows.first + i;
      for (int head = 0; head < config.heads() + config.kvHeads(); head++) {
        compute
            .kernels()
            .rotate(
                qkv, row, head * width, angles.half(), angles.cos(), angles.sin(), angles.at(row));
      }
      for (int head = 0; head < config.kvHeads(); head++) {
        int at = head * width;
        rows.cache.put(layer, head, rows.position + i, qkv, row, keysAt + at, valuesAt + at, width);
      }
    }
  }

  private void attend(int layer, Rows rows, int head, Matrix qkv, Matrix output) {
    int group = config.group();
    int last = rows.position + rows.count - 1;
    int from = config.attendsFrom(rows.position);
    int firstBlock = from / KvPool.BLOCK;
    int lastBlock = last / KvPool.BLOCK;
    // Columns are counted from the first block; that is a multiple of the kernels' 16 lanes.
    int origin = firstBlock * KvPool.BLOCK;
    var kernels = compute.kernels();
    var s = scratch.get();
    s.resize(rows.count * group, (lastBlock - firstBlock + 1) * KvPool.BLOCK);
    gather(rows, head, qkv, s.queries);
    for (int block = firstBlock; block <= lastBlock; block++) {
      var columns = s.weights.columns(block * KvPool.BLOCK - origin, KvPool.BLOCK);
      kernels.panel(s.queries, rows.cache.keys(block, layer, head), columns, false);
    }
    for (int i = 0; i < rows.count * group; i++) {
      int position = rows.position + i / group;
      kernels.softmax(
          s.weights, i, config.attendsFrom(position) - origin, position + 1 - origin, scale);
    }
    // All rows attend to what lies before the first of them, unless a window moves with them.
    boolean shared = config.attendsFrom(last) == from;
    int sharedTo = shared ? rows.position + 1 : from;
    var sums = new Sums(kernels, rows.cache, layer, head, origin, s);
    sums.add(0, rows.count * group, from, from, sharedTo);
    for (int i = 0; i < rows.count; i++) {
      int position = rows.position + i;
      int start = config.attendsFrom(position);
      sums.add(i * group, group, start, Math.max(sharedTo, start), position + 1);
    }
    scatter(rows, head, s.sums, output);
  }

  /// The weighted sums of values, with what they are made of.
  private record Sums(
      Kernels kernels, KvSequence cache, int layer, int head, int origin, Scratch s) {
    /// Adds the values at positions `from <= p < to` to some rows' sums, which begin at position
    /// `start`.
    void add(int row, int count, int start, int from, int to) {
      var weights = s.weights.rows(row, count);
      var sums = s.sums.rows(row, count);
      int panels = Math.ceilDiv(s.queries.cols(), Panel.COLUMNS);
      for (int at = from; at < to; ) {
        int block = at / KvPool.BLOCK;
        int end = Math.min(to, (block + 1) * KvPool.BLOCK);
        var columns = weights.columns(at - origin, end - at);
        for (int panel = 0; panel < panels; panel++) {
          var values = cache.values(block, layer, head, panel, at % KvPool.BLOCK, end - at);
          var sum = sums.columns(panel * Panel.COLUMNS, Panel.COLUMNS);
          kernels.panel(columns, values, sum, at > start);
        }
        at = end;
      }
    }
  }

  /// The queries that share a key-value head, one row for each.
  private void gather(Rows rows, int head, Matrix qkv, Matrix queries) {
    int group = config.group();
    int width = config.headDim();
    for (int i = 0; i < rows.count * group; i++) {
      int from = qkv.at(rows.first + i / group) + (head * group + i % group) * width;
      System.arraycopy(qkv.data(), from, queries.data(), queries.at(i), width);
    }
  }

  private void scatter(Rows rows, int head, Matrix sums, Matrix output) {
    int group = config.group();
    int width = config.headDim();
    for (int i = 0; i < rows.count * group; i++) {
      int to = output.at(rows.first + i / group) + (head * group + i % group) * width;
      System.arraycopy(sums.data(), sums.at(i), output.data(), to, width);
    }
  }

  /// One thread's working memory; grows with the longest sequence that it has seen.
  private static final class Scratch {
    private final Matrix allQueries;
    private final Matrix allSums;
    private Matrix allWeights;
    private Matrix queries;
    private Matrix sums;
    private Matrix weights;

    Scratch(TrunkConfig config) {
      int rows = ROW_BLOCK * config.group();
      allQueries = Matrix.allocate(rows, config.headDim());
      allSums = Matrix.allocate(rows, config.headDim());
      allWeights = Matrix.allocate(rows, 4 * KvPool.BLOCK);
      queries = allQueries;
      sums = allSums;
      weights = allWeights;
    }

    void resize(int rows, int positions) {
      if (positions > allWeights.cols()) {
        allWeights = Matrix.allocate(allWeights.rows(), Math.max(positions, 2 * allWeights.cols()));
      }
      queries = allQueries.rows(0, rows);
      sums = allSums.rows(0, rows);
      weights = allWeights.rows(0, rows);
    }
  }
}
