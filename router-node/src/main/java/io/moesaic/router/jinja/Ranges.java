package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Numeric.Int;
import io.moesaic.router.jinja.Value.Range;
import java.util.AbstractList;
import java.util.List;
import java.util.RandomAccess;

/// Makes ranges, and counts them out.
final class Ranges {
  /// As in Jinja's sandbox.
  private static final int MAX_LENGTH = 100_000;

  private Ranges() {}

  static Range of(long start, long stop, long step) {
    if (step == 0) {
      throw new Failure("the step of a range must not be 0");
    }
    if (length(start, stop, step) > MAX_LENGTH) {
      throw Failure.of("range(%d, %d, %d) is longer than %d", start, stop, step, MAX_LENGTH);
    }
    return new Range(start, stop, step);
  }

  private static long length(long start, long stop, long step) {
    if (step > 0 ? start >= stop : start <= stop) {
      return 0;
    }
    // differences of 64 bits need all of them
    var distance = step > 0 ? stop - start : start - stop;
    var length = Long.divideUnsigned(distance - 1, Math.abs(step)) + 1;
    return length > 0 ? length : Long.MAX_VALUE;
  }

  /// @param range of at most as many values as an `int` counts
  static List<Value> values(Range range) {
    return new Counted(range, (int) length(range.start(), range.stop(), range.step()));
  }

  private static final class Counted extends AbstractList<Value> implements RandomAccess {
    private final Range range;
    private final int size;

    Counted(Range range, int size) {
      this.range = range;
      this.size = size;
    }

    @Override
    public Value get(int index) {
      return new Int(range.start() + index * range.step());
    }

    @Override
    public int size() {
      return size;
    }
  }
}
