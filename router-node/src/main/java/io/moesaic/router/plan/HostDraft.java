package io.moesaic.router.plan;

import io.moesaic.router.gate.Choices;
import io.moesaic.router.placement.Placement;
import io.moesaic.router.plan.DispatchPlan.HostBatch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/// A host's batch while choices are added to it, by row, then by rank.
final class HostDraft {
  private final int host;
  private final int index;
  private final int columns;
  private final boolean weighsInput;
  private int[] rows = new int[8];
  private float[] scales = new float[8];
  private int[] experts;
  private int count;
  private int inLastRow;
  private int slots;

  /// @param index of the batch
  private HostDraft(int host, int index, int columns, boolean weighsInput) {
    this.host = host;
    this.index = index;
    this.columns = columns;
    this.weighsInput = weighsInput;
    experts = new int[rows.length * columns];
  }

  /// An empty draft for each host, at the index that is the host's number. Those that occur are
  /// numbered by host.
  ///
  /// @param hosts that get something, in any order and any number of times
  static List<HostDraft> of(int[] hosts, int columns, boolean weighsInput) {
    var occurs = new boolean[Arrays.stream(hosts).max().orElse(Placement.NO_HOST) + 1];
    for (int host : hosts) {
      if (host != Placement.NO_HOST) {
        occurs[host] = true;
      }
    }
    List<HostDraft> drafts = new ArrayList<>();
    int index = 0;
    for (int host = 0; host < occurs.length; host++) {
      drafts.add(new HostDraft(host, index, columns, weighsInput));
      index += occurs[host] ? 1 : 0;
    }
    return drafts;
  }

  /// The batches of the hosts that got something.
  static List<HostBatch> batches(List<HostDraft> drafts) {
    List<HostBatch> batches = new ArrayList<>();
    for (var draft : drafts) {
      if (draft.count > 0) {
        batches.add(draft.batch());
      }
    }
    return Collections.unmodifiableList(batches);
  }

  int index() {
    return index;
  }

  /// @return the choice's slot
  int add(int row, int expert, float weight) {
    boolean fits = inLastRow < (weighsInput ? 1 : columns);
    if (count == 0 || rows[count - 1] != row || !fits) {
      begin(row, weight);
    }
    experts[(count - 1) * columns + inLastRow++] = expert;
    return slots++;
  }

  private void begin(int row, float weight) {
    if (count == rows.length) {
      rows = Arrays.copyOf(rows, 2 * count);
      scales = Arrays.copyOf(scales, 2 * count);
      experts = Arrays.copyOf(experts, 2 * count * columns);
    }
    rows[count] = row;
    scales[count] = weight;
    Arrays.fill(experts, count * columns, (count + 1) * columns, Choices.NONE);
    count++;
    inLastRow = 0;
  }

  private HostBatch batch() {
    return new HostBatch(
        host,
        Arrays.copyOf(rows, count),
        Arrays.copyOf(scales, weighsInput ? count : 0),
        Arrays.copyOf(experts, count * columns),
        slots);
  }
}
