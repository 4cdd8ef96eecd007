package io.moesaic.router.trunk;

import io.moesaic.router.trunk.AttentionConfig.Latent;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Compute;
import io.moesaic.tensor.kernel.PackedMatrix;

/// Multi-head latent attention of one layer (DeepSeek-AI 2024, "DeepSeek-V2", 2.1). Keys and values
/// are never made: what is a product of a query with `U · latent` is one of `Uᵀ · query` with the
/// latent, and what is a sum of `V · latent` is `V` times a sum of latents. So a position keeps its
/// latent and one turned key for all heads, and a head attends in three steps:
///
/// ```
///   query    | Uᵀ · plain part | turned part |       [L + rotated]
///   attend   as keys: | latent | turned key |        as values: | latent |
///   output   V · sum                                 [value]
/// ```
/// A task takes a few rows of one sequence and a few heads, which read each block of latents
/// together.
final class LatentAttention implements Branch {
  /// Heads of a task.
  static final int HEADS = 8;

  /// Of the norms within attention, whatever the other norms have.
  private static final float EPSILON = 1e-6f;

  private final int layer;
  private final Latent config;
  private final LatentWeights weights;
  private final Compute compute;
  private final ThreadLocal<CachedAttention> attention;
  private final ThreadLocal<LatentScratch> scratch;

  /// @param attention of each thread, shared by all layers; `scratch` likewise
  LatentAttention(
      int layer,
      LatentWeights weights,
      Compute compute,
      ThreadLocal<CachedAttention> attention,
      ThreadLocal<LatentScratch> scratch) {
    this.layer = layer;
    this.config = weights.config();
    this.weights = weights;
    this.compute = compute;
    this.attention = attention;
    this.scratch = scratch;
  }

  @Override
  public void forward(Step step, Matrix x, Matrix y) {
    int first = config.queryRank() == 0 ? config.heads() * config.query() : config.queryRank();
    var down = step.matrix("down", first + config.key());
    var attended = step.matrix("attended", config.heads() * config.value());
    compute.multiply(x, weights.down(), down);
    var queries = queries(step, down.columns(0, first));
    var keys = down.columns(first, config.key());
    var latents = keys.columns(0, config.latent());
    compute.kernels().rmsNorm(latents, weights.latentNorm(), EPSILON, latents);

    var blocks = step.rowBlocks();
    int tasks = Math.ceilDiv(config.heads(), HEADS);
    compute.pool().run(blocks.size(), i -> prepare(blocks.get(i), step.angles(), queries, keys));
    compute
        .pool()
        .run(
            blocks.size() * tasks,
            i -> attend(blocks.get(i / tasks), i % tasks * HEADS, queries, attended));
    compute.multiply(attended, weights.output(), y);
  }

  private Matrix queries(Step step, Matrix down) {
    if (weights.queries().isEmpty()) {
      return down;
    }
    var compressed = weights.queries().get();
    compute.kernels().rmsNorm(down, compressed.norm(), EPSILON, down);
    var queries = step.matrix("queries", config.heads() * config.query());
    compute.multiply(down, compressed.up(), queries);
    return queries;
  }

  private void prepare(RowBlock rows, RotaryEmbedding.Angles angles, Matrix queries, Matrix keys) {
    var kernels = compute.kernels();
    for (int i = 0; i < rows.rows(); i++) {
      int row = rows.firstRow() + i;
      for (int head = 0; head < config.heads(); head++) {
        angles.turn(kernels, queries, row, head * config.query() + config.plain());
      }
      angles.turn(kernels, keys, row, config.latent());
      rows.cache().putKey(layer, 0, rows.firstPlace() + i, keys, row, 0);
    }
  }

  private void attend(RowBlock rows, int firstHead, Matrix allQueries, Matrix output) {
    int heads = Math.min(HEADS, config.heads() - firstHead);
    var own = attention.get();
    var scratch = this.scratch.get();
    var queries = own.queries(rows.rows() * heads);
    for (int head = 0; head < heads; head++) {
      int column = (firstHead + head) * config.query();
      var query = allQueries.rows(rows.firstRow(), rows.rows()).columns(column, config.query());
      var product = scratch.products(rows.rows());
      multiply(query.columns(0, config.plain()), weights.toLatent().get(firstHead + head), product);
      for (int i = 0; i < rows.rows(); i++) {
        int to = i * heads + head;
        copy(product, i, 0, queries, to, 0, config.latent());
        copy(query, i, config.plain(), queries, to, config.latent(), config.rotated());
      }
    }
    var memory = scratch.memory(rows.cache(), layer);
    var weighting = new Weighting.Scaled(config.scale());
    var sums = own.attend(rows, Window.ALL, weighting, memory);
    for (int head = 0; head < heads; head++) {
      var latents = scratch.latents(rows.rows());
      for (int i = 0; i < rows.rows(); i++) {
        copy(sums, i * heads + head, 0, latents, i, 0, config.latent());
      }
      var product = scratch.products(rows.rows());
      multiply(latents, weights.fromLatent().get(firstHead + head), product);
      int column = (firstHead + head) * config.value();
      for (int i = 0; i < rows.rows(); i++) {
        copy(product, i, 0, output, rows.firstRow() + i, column, config.value());
      }
    }
  }

  private void multiply(Matrix x, PackedMatrix w, Matrix y) {
    for (int panel = 0; panel < w.panels(); panel++) {
      compute.multiplyPanel(x, w, panel, y);
    }
  }

  private static void copy(
      Matrix source, int row, int column, Matrix target, int toRow, int toColumn, int count) {
    int from = source.at(row) + column;
    System.arraycopy(source.data(), from, target.data(), target.at(toRow) + toColumn, count);
  }
}
