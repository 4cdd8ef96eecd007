package io.moesaic.deploy.tune;

import io.moesaic.router.gate.Choices;
import io.moesaic.router.moe.MoeObserver;
import io.moesaic.router.placement.Placement;
import io.moesaic.tensor.Matrix;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Measures how uneven the load is in each MoE block, since a block takes as long as its fullest
/// node. For the thread that computes.
final class LoadMeter implements MoeObserver {
  private final int experts;
  private final int nodes;
  private @Nullable Placement placement;
  private Fullest sum = Fullest.NONE;
  private int blocks;

  /// Rows of the fullest expert, and of the fullest node, over an even share of all choices,
  /// dropped ones included: the first compares with a capacity factor.
  record Fullest(double expert, double node) {
    static final Fullest NONE = new Fullest(0, 0);

    Fullest plus(Fullest other) {
      return new Fullest(expert + other.expert, node + other.node);
    }

    Fullest over(int count) {
      return new Fullest(expert / count, node / count);
    }
  }

  LoadMeter(int experts, int nodes) {
    this.experts = experts;
    this.nodes = nodes;
  }

  /// Begins a measurement, during which the experts stay where they are.
  void begin(Placement where) {
    placement = where;
    sum = Fullest.NONE;
    blocks = 0;
  }

  /// The mean over the blocks since the beginning.
  Fullest mean() {
    return sum.over(Math.max(1, blocks));
  }

  @Override
  public void observed(int layer, Matrix hidden, Choices choices, Matrix output) {
    var where = Objects.requireNonNull(placement, "a measurement has begun");
    var ofExpert = new int[experts];
    var ofNode = new int[nodes];
    for (int row = 0; row < choices.rows(); row++) {
      for (int rank = 0; rank < choices.ranks(); rank++) {
        int expert = choices.expert(row, rank);
        if (expert != Choices.NONE) {
          ofExpert[expert]++;
          ofNode[where.host(layer, expert)]++;
        }
      }
    }
    double all = (double) choices.rows() * choices.ranks();
    sum = sum.plus(new Fullest(most(ofExpert) / all * experts, most(ofNode) / all * nodes));
    blocks++;
  }

  private static int most(int[] loads) {
    return Arrays.stream(loads).max().orElse(0);
  }
}
