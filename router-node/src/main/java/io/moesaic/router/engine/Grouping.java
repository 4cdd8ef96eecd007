package io.moesaic.router.engine;

import io.moesaic.router.capacity.CapacityPolicy;
import io.moesaic.router.capacity.PlacesTaken;

/// For one step, whose rows are counted together, against capacities or by experts that choose; and
/// therefore, how sequences must be cut so that nobody's result depends on who else is there.
///
/// @param standing capacity of requests that bring none
/// @param expertsChoose whether experts choose among the rows that are counted together
record Grouping(CapacityPolicy standing, boolean expertsChoose) {
  /// How a sequence is cut into steps.
  enum Pace {
    /// As the budget allows: its rows have no influence on each other or only on later ones, or it
    /// asked for the influence of whoever is there.
    FREE,
    /// In windows at fixed positions, each in one step: they are what is counted together.
    WINDOWS,
    /// So, and each step with all sequences of the request.
    LOCKSTEP
  }

  /// Rows that are counted together.
  ///
  /// @param owner the sequence, the cohort, or the grouping if all rows with the policy are
  record Group(Object owner, CapacityPolicy policy) {
    /// What the rows that were counted together before have taken.
    PlacesTaken placesTaken() {
      return owner instanceof Sequence sequence ? sequence.placesTaken() : new PlacesTaken();
    }
  }

  CapacityPolicy policy(Sequence sequence) {
    return sequence.request().moe().capacity().orElse(standing);
  }

  Pace pace(Sequence sequence) {
    var policy = policy(sequence);
    if (!policy.limits()) {
      return expertsChoose ? Pace.WINDOWS : Pace.FREE;
    }
    return switch (policy.scope()) {
      case SEQUENCE -> Pace.WINDOWS;
      case WHOLE_SEQUENCE -> expertsChoose ? Pace.WINDOWS : Pace.FREE;
      case REQUEST -> Pace.LOCKSTEP;
      case STEP -> Pace.FREE;
    };
  }

  Group group(Sequence sequence) {
    var policy = policy(sequence);
    if (!policy.limits()) {
      return new Group(expertsChoose ? sequence : this, policy);
    }
    return switch (policy.scope()) {
      case SEQUENCE, WHOLE_SEQUENCE -> new Group(sequence, policy);
      case REQUEST -> new Group(sequence.cohort(), policy);
      case STEP -> new Group(this, policy);
    };
  }

  /// Whether a sequence must go on although its client has left: others are counted with it, and
  /// what becomes of them must not depend on when that was.
  boolean needed(Sequence sequence) {
    return pace(sequence) == Pace.LOCKSTEP && !sequence.cohort().abandoned();
  }
}
