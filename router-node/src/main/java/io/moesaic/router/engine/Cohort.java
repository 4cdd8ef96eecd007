package io.moesaic.router.engine;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;

/// The sequences of one request, in its order.
final class Cohort {
  private final List<Sequence> members = new ArrayList<>();

  private Cohort() {}

  /// @param listeners one for each text
  /// @param start as [Sequence] takes it
  static Cohort of(
      List<GenerationRequest> texts,
      List<? extends GenerationListener> listeners,
      OptionalInt start) {
    if (texts.isEmpty() || texts.size() != listeners.size()) {
      throw new IllegalArgumentException(
          "%d texts with %d listeners".formatted(texts.size(), listeners.size()));
    }
    if (texts.stream().map(text -> text.moe().capacity()).distinct().count() > 1) {
      throw new IllegalArgumentException("the texts of a request have different capacities");
    }
    var cohort = new Cohort();
    for (int i = 0; i < texts.size(); i++) {
      cohort.members.add(new Sequence(cohort, texts.get(i), listeners.get(i), start));
    }
    return cohort;
  }

  /// All of them, also those that have ended.
  List<Sequence> members() {
    return Collections.unmodifiableList(members);
  }

  /// Whether nobody waits for any of them. For the engine's thread.
  boolean abandoned() {
    return members.stream().allMatch(member -> member.ended() || member.cancelled());
  }
}
