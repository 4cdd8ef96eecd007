package io.moesaic.deploy.tune;

import io.moesaic.router.capacity.CapacityPolicy;
import io.moesaic.router.capacity.CapacityPolicy.Overflow;
import io.moesaic.router.capacity.CapacityPolicy.Priority;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/// A way to limit experts: who is refused when one is full, and what becomes of them. On command
/// lines it is `drop:position`, or `drop` for the priority by probability.
public record Variant(Overflow overflow, Priority priority) {
  public Variant {
    if (overflow == Overflow.NONE) {
      throw new IllegalArgumentException(
          "overflow is none, which limits nothing and is measured in any case: leave it out");
    }
  }

  static Variant of(CapacityPolicy policy) {
    return new Variant(policy.overflow(), policy.priority());
  }

  /// Reads `OVERFLOW` or `OVERFLOW:PRIORITY`.
  public static Variant parse(String text) {
    var parts = text.split(":", 2);
    var overflow = constant(Overflow.values(), parts[0]);
    var priority =
        parts.length == 1
            ? Optional.of(Priority.PROBABILITY)
            : constant(Priority.values(), parts[1]);
    if (overflow.isEmpty() || priority.isEmpty()) {
      throw new IllegalArgumentException(
          "is \"%s\", must be OVERFLOW or OVERFLOW:PRIORITY, with overflow %s, and priority %s"
              .formatted(text, names(Overflow.values(), 1), names(Priority.values(), 0)));
    }
    return new Variant(overflow.get(), priority.get());
  }

  private static <E extends Enum<E>> Optional<E> constant(E[] constants, String name) {
    return Arrays.stream(constants).filter(c -> name(c).equals(name)).findFirst();
  }

  /// @param without so many of the last constants
  private static String names(Enum<?>[] constants, int without) {
    return Arrays.stream(constants)
        .limit(constants.length - without)
        .map(Variant::name)
        .collect(Collectors.joining(", "));
  }

  private static String name(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /// For people: `drop by position`.
  String label() {
    return (name(overflow) + " by " + name(priority)).replace('-', ' ');
  }
}
