package io.moesaic.router.capacity;

/// How many choices an expert takes, of those that are counted together.
///
/// Notation: `T` tokens counted together, `E` experts of the layer, `k` experts per token, `cf` the
/// capacity factor.
///
/// @param formula in whose way it is computed
/// @param cf the capacity factor: 1 is an even share. Some rules know 0, and Tutel's less than that
/// @param rounding of [Formula#PLAIN]; the others have their own
/// @param minimum least capacity; with [Formula#FIXED] the capacity
/// @param multipleOf to which the capacity is rounded up
/// @param countsRanks of [Formula#PLAIN]: whether k enters
public record CapacityRule(
    Formula formula,
    double cf,
    Rounding rounding,
    int minimum,
    int multipleOf,
    boolean countsRanks) {
  /// The capacity of experts that take everything.
  public static final int UNLIMITED = Integer.MAX_VALUE;

  static final double MAX_FACTOR = 1000;

  private static final int MAX = 1 << 20;

  /// Rounded up to a multiple it is still an int.
  private static final double MAX_CAPACITY = 1 << 30;

  /// The published ways to compute a capacity, and two of our own. Each differs from the next by
  /// something that changes which tokens are dropped.
  public enum Formula {
    /// `round(cf · T · k / E)`, with the rounding that is given and with or without k.
    PLAIN(0, 1),
    /// The number that is given.
    FIXED(1, 1),
    /// `ceil((T / E) · cf)`: Switch Transformers; the paper leaves the rounding open.
    SWITCH(0, 1),
    /// `max(4, min(T, floor(T · cf / E)))`: Mesh TensorFlow.
    MESH(4, 1),
    /// `max(4, half-even(cf · T / E))`: Flaxformer.
    FLAXFORMER(4, 1),
    /// `ceil(T · k · cf / E)`, up to a multiple of 4: V-MoE.
    VMOE(1, 4),
    /// `ceil((T · k / E) · cf)`: Megatron-Core.
    MEGATRON(0, 1),
    /// `max(4, ceil((T / E) · cf · k))`: DeepSpeed.
    DEEPSPEED(4, 1),
    /// `k · floor(cf · ceil(T / E))`. A cf of 0 is the load of the fullest expert, a negative one
    /// the lesser of both: Tutel.
    TUTEL(0, 1, -MAX_FACTOR),
    /// `floor(cf · (k · T / E))`. A cf of 0 is the load of the fullest expert: MegaBlocks.
    MEGABLOCKS(0, 1, 0),
    /// `ceil(cf · T / E)` for one expert per token, else `ceil(cf · T) · k / E` rounded down:
    /// FastMoE's Switch and GShard gates.
    FASTMOE(0, 1),
    /// `max(1, ceil(cf · k · T / E))`, without a limit for a single token: Capacity-Aware
    /// Inference.
    CAPACITY_AWARE(1, 1);

    private final int minimum;
    private final int multipleOf;
    private final double leastFactor;

    Formula(int minimum, int multipleOf) {
      this(minimum, multipleOf, Double.MIN_VALUE);
    }

    Formula(int minimum, int multipleOf, double leastFactor) {
      this.minimum = minimum;
      this.multipleOf = multipleOf;
      this.leastFactor = leastFactor;
    }

    /// The least factor that the rule knows; [Double#MIN_VALUE] stands for above 0.
    double leastFactor() {
      return leastFactor;
    }
  }

  public enum Rounding {
    CEIL,
    FLOOR,
    HALF_EVEN
  }

  public CapacityRule {
    if (!(cf >= formula.leastFactor && cf <= MAX_FACTOR)) {
      boolean positive = formula.leastFactor == Double.MIN_VALUE;
      throw new IllegalArgumentException(
          "factor is %s, must be %s, at most %.0f"
              .formatted(
                  cf,
                  positive ? "above 0" : "at least %.0f".formatted(formula.leastFactor),
                  MAX_FACTOR));
    }
    if (minimum < 0 || minimum > MAX || (formula == Formula.FIXED && minimum < 1)) {
      throw new IllegalArgumentException(
          "%s is %d, must be from %d to %d"
              .formatted(
                  formula == Formula.FIXED ? "capacity" : "minimum",
                  minimum,
                  formula == Formula.FIXED ? 1 : 0,
                  MAX));
    }
    if (multipleOf < 1 || multipleOf > MAX) {
      throw new IllegalArgumentException(
          "multiple_of is %d, must be from 1 to %d".formatted(multipleOf, MAX));
    }
  }

  /// A formula as it was published.
  public static CapacityRule of(Formula formula, double cf) {
    return new CapacityRule(formula, cf, Rounding.CEIL, formula.minimum, formula.multipleOf, true);
  }

  /// So many choices for each expert, however many there are.
  public static CapacityRule fixed(int capacity) {
    return new CapacityRule(Formula.FIXED, 1, Rounding.CEIL, capacity, 1, true);
  }

  /// The same with another factor.
  public CapacityRule withFactor(double factor) {
    return new CapacityRule(formula, factor, rounding, minimum, multipleOf, countsRanks);
  }

  /// Choices that an expert takes.
  ///
  /// @param tokens counted together
  /// @param experts of the layer
  /// @param ranks experts per token
  /// @param fullest choices of the expert that has most
  /// @return [#UNLIMITED] when nothing is to be dropped
  public int capacity(int tokens, int experts, int ranks, int fullest) {
    if (formula == Formula.CAPACITY_AWARE && tokens <= 1) {
      return UNLIMITED;
    }
    double t = tokens;
    double e = experts;
    double k = ranks;
    double share =
        switch (formula) {
          case PLAIN -> rounded(cf * t * (countsRanks ? k : 1) / e);
          case FIXED -> minimum;
          case SWITCH -> Math.ceil(t / e * cf);
          case MESH -> Math.min(t, Math.floor(t * cf / e));
          case FLAXFORMER -> Math.rint(cf * t / e);
          case VMOE -> Math.ceil(t * k * cf / e);
          case MEGATRON -> Math.ceil(t * k / e * cf);
          case DEEPSPEED -> Math.ceil(t / e * (cf * k));
          case TUTEL -> tutel(k * Math.floor(Math.abs(cf) * Math.ceil(t / e)), fullest);
          case MEGABLOCKS -> cf == 0 ? fullest : Math.floor(cf * (k * t / e));
          case FASTMOE ->
              ranks == 1 ? Math.ceil(cf * t / e) : Math.floor(Math.ceil(cf * t) * k / e);
          case CAPACITY_AWARE -> Math.ceil(cf * k * t / e);
        };
    long whole = (long) Math.clamp(share, minimum, MAX_CAPACITY);
    return (int) (Math.ceilDiv(whole, multipleOf) * multipleOf);
  }

  private double tutel(double share, int fullest) {
    if (cf == 0) {
      return fullest;
    }
    return cf < 0 ? Math.min(fullest, share) : share;
  }

  private double rounded(double share) {
    return switch (rounding) {
      case CEIL -> Math.ceil(share);
      case FLOOR -> Math.floor(share);
      case HALF_EVEN -> Math.rint(share);
    };
  }
}
