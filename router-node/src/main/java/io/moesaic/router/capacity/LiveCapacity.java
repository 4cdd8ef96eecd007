package io.moesaic.router.capacity;

/// The operator's capacity policy, which can be replaced while requests run: who computes asks for
/// it at the beginning of each step. Safe for concurrent use.
public final class LiveCapacity {
  private final int layers;
  private volatile CapacityPolicy policy;

  /// @param layers of the model
  /// @throws IllegalArgumentException when the policy names a layer that the model has not
  public LiveCapacity(CapacityPolicy policy, int layers) {
    policy.requireFits(layers);
    this.layers = layers;
    this.policy = policy;
  }

  public CapacityPolicy get() {
    return policy;
  }

  /// From the next step on, another policy.
  ///
  /// @return the one before
  /// @throws IllegalArgumentException when the policy names a layer that the model has not
  public synchronized CapacityPolicy replace(CapacityPolicy next) {
    next.requireFits(layers);
    var previous = policy;
    policy = next;
    return previous;
  }
}
