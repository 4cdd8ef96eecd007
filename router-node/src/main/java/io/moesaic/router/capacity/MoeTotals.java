package io.moesaic.router.capacity;

/// What became of expert choices, over tokens and layers: accepted, dropped and rerouted add up to
/// what was offered.
public record MoeTotals(long offered, long accepted, long dropped, long rerouted) {
  public static final MoeTotals NONE = new MoeTotals(0, 0, 0, 0);

  public MoeTotals plus(MoeTotals other) {
    return new MoeTotals(
        offered + other.offered,
        accepted + other.accepted,
        dropped + other.dropped,
        rerouted + other.rerouted);
  }
}
