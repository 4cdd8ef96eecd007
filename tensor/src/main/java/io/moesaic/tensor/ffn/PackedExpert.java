package io.moesaic.tensor.ffn;

import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Compute;
import io.moesaic.tensor.kernel.PackedMatrix;
import io.moesaic.tensor.kernel.Panel;
import java.lang.foreign.SegmentAllocator;

/// A [FeedForward.SwiGlu] block packed for the kernels. Both of its halves split into panels of 64
/// columns, which the caller spreads over threads:
///
/// ```
///   x [rows, hidden] --activate--> [rows, intermediate] --project--> y [rows, hidden]
/// ```
/// Immutable; lives as long as the arena that it was packed into.
public final class PackedExpert {
  private final PackedMatrix gate;
  private final PackedMatrix up;
  private final PackedMatrix down;

  private PackedExpert(PackedMatrix gate, PackedMatrix up, PackedMatrix down) {
    this.gate = gate;
    this.up = up;
    this.down = down;
  }

  public static PackedExpert pack(SegmentAllocator allocator, ExpertWeights weights) {
    return new PackedExpert(
        PackedMatrix.pack(allocator, weights.gate()),
        PackedMatrix.pack(allocator, weights.up()),
        PackedMatrix.pack(allocator, weights.down()));
  }

  /// Bytes in memory.
  public long bytes() {
    return gate.bytes() + up.bytes() + down.bytes();
  }

  /// Panels of the intermediate: the parts of [#activate].
  public int activatePanels() {
    return gate.panels();
  }

  /// Panels of the output: the parts of [#project].
  public int projectPanels() {
    return down.panels();
  }

  /// 64 columns of `silu(x · gateᵀ) · (x · upᵀ)`.
  ///
  /// @param x `[rows, hidden]`
  /// @param up scratch `[rows, intermediate]`; only this panel's columns are written
  /// @param activated `[rows, intermediate]`; only this panel's columns are written
  public void activate(Compute compute, Matrix x, int panel, Matrix up, Matrix activated) {
    compute.multiplyPanel(x, gate, panel, activated);
    compute.multiplyPanel(x, this.up, panel, up);
    int from = panel * Panel.COLUMNS;
    compute
        .kernels()
        .siluMultiply(activated.columns(from, Panel.COLUMNS), up.columns(from, Panel.COLUMNS));
  }

  /// 64 columns of `activated · downᵀ`.
  ///
  /// @param activated `[rows, intermediate]`, complete
  /// @param y `[rows, hidden]`; only this panel's columns are written
  public void project(Compute compute, Matrix activated, int panel, Matrix y) {
    compute.multiplyPanel(activated, down, panel, y);
  }
}
