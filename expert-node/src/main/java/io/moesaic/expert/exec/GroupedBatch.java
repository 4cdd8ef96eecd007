package io.moesaic.expert.exec;

import io.moesaic.wire.WireType;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// The work of one run: token rows of one layer, from one or several requests, as *slots* (pairs of
/// row and expert) grouped by expert.
///
/// ```
///   groups   | expert 2: slots 0-2 | expert 4: slot 3 | expert 7: slots 4-6 |
///   slot s   reads row rowOf[s] of parts[partOf[s]].hidden
///            writes row outputOf[s] of parts[partOf[s]].output
/// ```
/// Gathering the rows and scattering the results is the backend's business. Every output row of
/// every part is written by exactly one slot.
///
/// @param hidden width of a row
/// @param type of the rows, read and written
/// @param groups in the order of their slots
public record GroupedBatch(
    int hidden, WireType type, List<Part> parts, List<Group> groups, Slots slots) {

  /// One request's memory, readable and writable until the run is done.
  ///
  /// @param hidden activations `[rows, hidden]`
  /// @param output results `[slots of this part, hidden]`
  public record Part(MemorySegment hidden, MemorySegment output) {}

  /// @param firstSlot where the expert's slots begin
  /// @param count how many slots it has, at least 1
  public record Group(LoadedExpert expert, int firstSlot, int count) {}

  /// The addresses of the slots, by slot number.
  public static final class Slots {
    private final int[] partOf;
    private final int[] rowOf;
    private final int[] outputOf;

    public Slots(int count) {
      partOf = new int[count];
      rowOf = new int[count];
      outputOf = new int[count];
    }

    public void set(int slot, int part, int row, int output) {
      partOf[slot] = part;
      rowOf[slot] = row;
      outputOf[slot] = output;
    }

    public int count() {
      return partOf.length;
    }

    public int partOf(int slot) {
      return partOf[slot];
    }

    public int rowOf(int slot) {
      return rowOf[slot];
    }

    public int outputOf(int slot) {
      return outputOf[slot];
    }
  }

  /// The part that a slot belongs to.
  Part part(int slot) {
    return parts.get(slots.partOf(slot));
  }

  /// Where a slot's row begins in its part's `hidden`.
  long inputAt(int slot) {
    return (long) slots.rowOf(slot) * hidden * type.bytes();
  }

  /// Where a slot's result begins in its part's `output`.
  long outputAt(int slot) {
    return (long) slots.outputOf(slot) * hidden * type.bytes();
  }
}
