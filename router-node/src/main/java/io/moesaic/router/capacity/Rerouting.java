package io.moesaic.router.capacity;

import io.moesaic.router.gate.Choices;
import io.moesaic.router.gate.Gating;
import io.moesaic.router.placement.Placement;

/// Where choices go that find their expert full, and with which weight.
///
/// @param asked the choices and their weights before any was dropped
record Rerouting(int layer, Gating gating, Choices asked, Placement placement) {
  /// The expert that a row likes best, of those that have room and are not its own already.
  ///
  /// @param admitted what the row has by now
  /// @param local whether it must be on a node that the row goes to
  /// @return or [Choices#NONE]
  int expert(int row, Choices admitted, Room room, boolean local) {
    var preference = gating.preference();
    int best = Choices.NONE;
    float highest = Float.NEGATIVE_INFINITY;
    for (int expert = 0; expert < preference.cols(); expert++) {
      if (preference.get(row, expert) > highest
          && room.has(expert)
          && !asked.contains(row, expert)
          && !admitted.contains(row, expert)
          && (!local || isLocal(row, expert, admitted))) {
        best = expert;
        highest = preference.get(row, expert);
      }
    }
    return best;
  }

  private boolean isLocal(int row, int expert, Choices admitted) {
    int host = placement.host(layer, expert);
    for (int rank = 0; rank < admitted.ranks() && host != Placement.NO_HOST; rank++) {
      int other = admitted.expert(row, rank);
      if (other != Choices.NONE && placement.host(layer, other) == host) {
        return true;
      }
    }
    return false;
  }

  /// The weight that the routing policy would have given: in proportion to the gate's score, as
  /// that of the row's strongest choice.
  float weight(int row, int expert) {
    var scores = gating.scores();
    float strongest = 0;
    float weight = 0;
    for (int rank = 0; rank < asked.ranks(); rank++) {
      int chosen = asked.expert(row, rank);
      if (chosen != Choices.NONE && scores.get(row, chosen) > strongest) {
        strongest = scores.get(row, chosen);
        weight = asked.weight(row, rank);
      }
    }
    return strongest == 0 ? 0 : scores.get(row, expert) / strongest * weight;
  }
}
