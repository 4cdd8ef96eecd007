package io.moesaic.deploy.tune;

import io.moesaic.router.gate.Choices;
import io.moesaic.router.moe.MoeObserver;
import io.moesaic.tensor.Matrix;
import java.util.Arrays;

/// Measures how uneven the load of the experts is in each MoE block, since a block takes as long as
/// its fullest expert. For the thread that computes.
final class LoadMeter implements MoeObserver {
  private final int experts;
  private double sum;
  private int blocks;

  LoadMeter(int experts) {
    this.experts = experts;
  }

  void reset() {
    sum = 0;
    blocks = 0;
  }

  /// Rows of the fullest expert over an even share of all choices, dropped ones included: directly
  /// comparable with a capacity factor. The mean over blocks since the last reset.
  double fullest() {
    return blocks == 0 ? 0 : sum / blocks;
  }

  @Override
  public void observed(int layer, Matrix hidden, Choices choices, Matrix output) {
    var loads = new int[experts];
    for (int row = 0; row < choices.rows(); row++) {
      for (int rank = 0; rank < choices.ranks(); rank++) {
        if (choices.expert(row, rank) != Choices.NONE) {
          loads[choices.expert(row, rank)]++;
        }
      }
    }
    double even = (double) choices.rows() * choices.ranks() / experts;
    sum += Arrays.stream(loads).max().orElse(0) / even;
    blocks++;
  }
}
