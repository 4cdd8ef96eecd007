package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Numeric.Whole;
import io.moesaic.router.jinja.Value.None;
import io.moesaic.router.jinja.Value.Range;
import io.moesaic.router.jinja.Value.Text;
import io.moesaic.router.jinja.Value.Undefined;

/// The places that a slice takes.
final class Slices {
  private Slices() {}

  /// @return places of which each is in a sequence of the length
  static Range of(int length, Value start, Value stop, Value step) {
    var stride = bound(step, 1);
    if (stride == 0) {
      throw new Failure("the step of a slice must not be 0");
    }
    // beyond the length all steps are alike
    stride = Math.clamp(stride, -length - 1L, length + 1L);
    var first = stride > 0 ? 0 : -1;
    var last = first + length;
    var from = place(bound(start, stride > 0 ? first : last), start, length, first, last);
    var to = place(bound(stop, stride > 0 ? last : first), stop, length, first, last);
    return new Range(from, to, stride);
  }

  private static long place(long bound, Value given, int length, int first, int last) {
    var counted = given != None.NONE && bound < 0 ? bound + length : bound;
    return Math.clamp(counted, first, last);
  }

  private static long bound(Value value, long fallback) {
    return switch (value) {
      case None _ -> fallback;
      case Whole whole -> whole.integer();
      case Undefined undefined -> throw undefined.failure();
      case Value other ->
          throw Failure.of("the bounds of a slice are integers, not of type %s", other.type());
    };
  }

  static Text apply(Range slice, Text text, Work work) {
    var content = text.content();
    work.spendOnText(content.length());
    if (slice.step() == 1) {
      var from = content.offsetByCodePoints(0, (int) slice.start());
      var length = Math.max(0, (int) (slice.stop() - slice.start()));
      return new Text(content.substring(from, content.offsetByCodePoints(from, length)));
    }
    var codePoints = content.codePoints().toArray();
    var sliced = new StringBuilder();
    for (var place : slice.values()) {
      sliced.appendCodePoint(codePoints[(int) ((Whole) place).integer()]);
    }
    return new Text(sliced.toString());
  }
}
