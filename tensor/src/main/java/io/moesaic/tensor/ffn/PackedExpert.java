package io.moesaic.tensor.ffn;

import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Compute;
import io.moesaic.tensor.kernel.PackedMatrix;
import io.moesaic.tensor.kernel.Panel;
import java.lang.foreign.SegmentAllocator;
import java.util.List;

/// A feed-forward block packed for the kernels. Both of its halves split into panels of 64 columns,
/// which the caller spreads over threads:
///
/// ```
///   x [rows, hidden] --activate--> [rows, intermediate] --project--> y [rows, hidden]
/// ```
/// Immutable; lives as long as the arena that it was packed into.
public final class PackedExpert {
  private final FeedForward block;
  private final List<PackedMatrix> inward;
  private final PackedMatrix down;

  private PackedExpert(FeedForward block, List<PackedMatrix> inward, PackedMatrix down) {
    this.block = block;
    this.inward = inward;
    this.down = down;
  }

  public static PackedExpert pack(SegmentAllocator allocator, ExpertWeights weights) {
    return new PackedExpert(
        weights.block(),
        weights.inward().stream().map(linear -> pack(allocator, linear)).toList(),
        pack(allocator, weights.down()));
  }

  private static PackedMatrix pack(SegmentAllocator allocator, Linear linear) {
    return PackedMatrix.pack(allocator, linear.weight()).withBias(linear.bias());
  }

  /// What it computes.
  public FeedForward block() {
    return block;
  }

  /// Bytes in memory.
  public long bytes() {
    return inward.stream().mapToLong(PackedMatrix::bytes).sum() + down.bytes();
  }

  /// Panels of the intermediate: the parts of [#activate].
  public int activatePanels() {
    return inward.getFirst().panels();
  }

  /// Panels of the output: the parts of [#project].
  public int projectPanels() {
    return down.panels();
  }

  /// 64 columns of what the block has in between, such as `silu(x · gateᵀ) · (x · upᵀ)`.
  ///
  /// @param x `[rows, hidden]`
  /// @param up scratch `[rows, intermediate]`; only this panel's columns are written
  /// @param activated `[rows, intermediate]`; only this panel's columns are written
  public void activate(Compute compute, Matrix x, int panel, Matrix up, Matrix activated) {
    compute.multiplyPanel(x, inward.getFirst(), panel, activated);
    var columns = activated.columns(panel * Panel.COLUMNS, Panel.COLUMNS);
    switch (block) {
      case FeedForward.SwiGlu _ ->
          compute.kernels().siluMultiply(columns, multiplyUp(compute, x, panel, up));
      case FeedForward.ClampedSwiGlu clamped ->
          compute
              .kernels()
              .clampedSiluMultiply(
                  columns, multiplyUp(compute, x, panel, up), clamped.limit(), clamped.alpha());
      case FeedForward.Relu _ -> compute.kernels().relu(columns);
    }
  }

  /// 64 columns of the second product inward.
  private Matrix multiplyUp(Compute compute, Matrix x, int panel, Matrix up) {
    compute.multiplyPanel(x, inward.getLast(), panel, up);
    return up.columns(panel * Panel.COLUMNS, Panel.COLUMNS);
  }

  /// All of the block, in parallel over panels and blocks of rows.
  ///
  /// @param x `[rows, hidden]`
  /// @param y `[rows, hidden]`, overwritten
  public void forward(Compute compute, Matrix x, Matrix y) {
    var up = Matrix.allocate(x.rows(), block.intermediate());
    var activated = Matrix.allocate(x.rows(), block.intermediate());
    compute.overPanels(
        x.rows(),
        activatePanels(),
        (from, rows, panel) ->
            activate(
                compute,
                x.rows(from, rows),
                panel,
                up.rows(from, rows),
                activated.rows(from, rows)));
    compute.overPanels(
        x.rows(),
        projectPanels(),
        (from, rows, panel) ->
            project(compute, activated.rows(from, rows), panel, y.rows(from, rows)));
  }

  /// 64 columns of `activated · downᵀ`.
  ///
  /// @param activated `[rows, intermediate]`, complete
  /// @param y `[rows, hidden]`; only this panel's columns are written
  public void project(Compute compute, Matrix activated, int panel, Matrix y) {
    compute.multiplyPanel(activated, down, panel, y);
  }
}
