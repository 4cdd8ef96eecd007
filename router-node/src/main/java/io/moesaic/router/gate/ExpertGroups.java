package io.moesaic.router.gate;

import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Kernels;
import java.util.Arrays;

/// Limits rows to their best groups of experts. For one batch.
///
/// ```
///   preference  .1 .4 | .3 .3 | .9 .2 | .0 .5     4 groups of 2 experts, judged by 2 of them
///   worth         .5  |   .6  |  1.1  |   .5      the best 2 groups are 2 and 1
///   limited      -  - | .3 .3 | .9 .2 |  -  -
/// ```
final class ExpertGroups {
  private final Kernels kernels;
  private final int groups;
  private final int topGroups;
  private final int size;
  private final boolean judgedByTwo;
  private final Matrix worth;
  private final int[] best;
  private final boolean[] kept;

  /// @param groups of equal size, in order
  /// @param topGroups that a row may use
  /// @param judges how many of its best experts a group is judged by: 1 or 2
  ExpertGroups(Kernels kernels, int experts, int groups, int topGroups, int judges) {
    this.kernels = kernels;
    this.groups = groups;
    this.topGroups = topGroups;
    size = experts / groups;
    judgedByTwo = Math.min(judges, size) == 2;
    worth = Matrix.allocate(1, groups);
    best = new int[topGroups];
    kept = new boolean[groups];
  }

  /// Overwrites the preference for experts that are not in the best groups.
  ///
  /// @param preference `[rows, experts]`
  void limit(Matrix preference, int row, float masked) {
    if (topGroups == groups) {
      return;
    }
    for (int group = 0; group < groups; group++) {
      worth.set(0, group, worth(preference.data(), preference.at(row) + group * size));
    }
    kernels.topK(worth, 0, topGroups, best, 0);
    Arrays.fill(kept, false);
    for (int group : best) {
      kept[group] = true;
    }
    for (int group = 0; group < groups; group++) {
      if (!kept[group]) {
        int from = preference.at(row) + group * size;
        Arrays.fill(preference.data(), from, from + size, masked);
      }
    }
  }

  private float worth(float[] preference, int from) {
    float first = Float.NEGATIVE_INFINITY;
    float second = Float.NEGATIVE_INFINITY;
    for (int at = from; at < from + size; at++) {
      float value = preference[at];
      if (value > first) {
        second = first;
        first = value;
      } else if (value > second) {
        second = value;
      }
    }
    return judgedByTwo ? first + second : first;
  }
}
