package io.moesaic.expert.batch;

import io.moesaic.expert.exec.GroupedBatch;
import io.moesaic.expert.exec.GroupedBatch.Group;
import io.moesaic.expert.exec.GroupedBatch.Slots;
import io.moesaic.expert.exec.LoadedExpert;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;

/// Sorts the slots of several requests by expert, so that each expert's weights are read once for
/// all of them.
final class Grouping {
  private Grouping() {}

  /// @param requests at least one, all of one layer and type
  static GroupedBatch group(List<Request> requests) {
    // 1. count the slots of each expert
    var regions = new TreeMap<Integer, Region>();
    for (var request : requests) {
      for (var slot : request.slots()) {
        var expert = slot.expert();
        regions.computeIfAbsent(expert.id().expert(), _ -> new Region(expert)).count++;
      }
    }
    // 2. give each expert its region
    int slotCount = 0;
    for (var region : regions.values()) {
      region.first = slotCount;
      region.next = slotCount;
      slotCount += region.count;
    }
    // 3. place the slots, oldest request first
    var slots = new Slots(slotCount);
    for (int part = 0; part < requests.size(); part++) {
      int output = 0;
      for (var slot : requests.get(part).slots()) {
        var region = Objects.requireNonNull(regions.get(slot.expert().id().expert()));
        slots.set(region.next++, part, slot.row(), output++);
      }
    }
    var first = requests.getFirst();
    return new GroupedBatch(
        first.hidden(),
        first.type(),
        requests.stream().map(Request::memory).toList(),
        regions.values().stream().map(r -> new Group(r.expert, r.first, r.count)).toList(),
        slots);
  }

  /// The slots of one expert.
  private static final class Region {
    private final LoadedExpert expert;
    private int count;
    private int first;
    private int next;

    Region(LoadedExpert expert) {
      this.expert = expert;
    }
  }
}
