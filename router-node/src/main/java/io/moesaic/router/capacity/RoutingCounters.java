package io.moesaic.router.capacity;

import io.moesaic.router.gate.Choices;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// What became of all choices since the router started, by layer and expert. Safe for concurrent
/// use.
public final class RoutingCounters {
  private final Layer[] layers;

  public RoutingCounters(int layers, int experts) {
    this.layers = new Layer[layers];
    Arrays.setAll(this.layers, _ -> new Layer(experts));
  }

  /// One layer's sums. Guarded by itself.
  private static final class Layer {
    private final long[] offered;
    private final long[] accepted;
    private final long[] dropped;
    private final long[] rerouted;
    private long[] droppedByRank = {};
    private long places;
    private long filled;
    private double massOffered;
    private double massDropped;

    Layer(int experts) {
      offered = new long[experts];
      accepted = new long[experts];
      dropped = new long[experts];
      rerouted = new long[experts];
    }

    synchronized void add(Admission admission) {
      var choices = admission.offered();
      if (droppedByRank.length < choices.ranks()) {
        droppedByRank = Arrays.copyOf(droppedByRank, choices.ranks());
      }
      places += admission.places();
      for (int row = 0; row < choices.rows(); row++) {
        for (int rank = 0; rank < choices.ranks(); rank++) {
          int expert = choices.expert(row, rank);
          if (expert == Choices.NONE) {
            continue;
          }
          offered[expert]++;
          massOffered += choices.weight(row, rank);
          if (admission.dropped(row, rank)) {
            dropped[expert]++;
            droppedByRank[rank]++;
            massDropped += choices.weight(row, rank);
            continue;
          }
          if (admission.rerouted(row, rank)) {
            rerouted[admission.admitted().expert(row, rank)]++;
          } else {
            accepted[expert]++;
          }
          filled += admission.slot(row, rank) == Admission.NO_SLOT ? 0 : 1;
        }
      }
    }

    synchronized LayerLoad snapshot(int layer) {
      return new LayerLoad(
          layer,
          offered.clone(),
          accepted.clone(),
          dropped.clone(),
          rerouted.clone(),
          droppedByRank.clone(),
          places == 0 ? 0 : (double) (places - filled) / places,
          massOffered == 0 ? 0 : massDropped / massOffered);
    }
  }

  /// Adds a pass through one layer.
  public void add(int layer, Admission admission) {
    layers[layer].add(admission);
  }

  /// Each layer at this moment.
  public List<LayerLoad> snapshot() {
    List<LayerLoad> loads = new ArrayList<>();
    for (int layer = 0; layer < layers.length; layer++) {
      loads.add(layers[layer].snapshot(layer));
    }
    return List.copyOf(loads);
  }
}
