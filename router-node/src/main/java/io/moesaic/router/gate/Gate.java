package io.moesaic.router.gate;

import io.moesaic.router.gate.RoutingPolicies.Input;
import io.moesaic.router.gate.RoutingPolicy.NoisyTopK;
import io.moesaic.router.sampling.CounterRandom;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Compute;
import io.moesaic.tensor.kernel.PackedMatrix;
import java.util.List;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/// The gates of a model: `logits = hidden · Wgᵀ + bias`, from which a [RoutingPolicy] makes choices
/// and weights. What it says of a row depends on that row only, but for experts that choose.
public final class Gate {
  /// Streams of random numbers that one layer may use.
  private static final int STREAMS = 1 << 14;

  private final Compute compute;
  private final List<GateWeights> layers;

  /// @param layers weights of each MoE layer
  public Gate(Compute compute, List<GateWeights> layers) {
    this.compute = compute;
    this.layers = List.copyOf(layers);
  }

  public int layers() {
    return layers.size();
  }

  /// Experts of each layer.
  public int experts() {
    return layers.getFirst().experts();
  }

  /// Told of rows that cannot be routed.
  public interface Refusals {
    void refuse(int row, String reason);
  }

  /// @param hidden `[rows, hidden]`
  /// @param rows who the rows are
  /// @param skipped rows that get no experts
  /// @param refusals told of rows whose logits are not numbers; they get no experts either
  /// @throws IllegalArgumentException when the policy does not fit the number of experts, or needs
  ///     token ids and there are none
  public Gating route(
      RoutingPolicy policy,
      int layer,
      Matrix hidden,
      TokenRows rows,
      IntPredicate skipped,
      Refusals refusals) {
    requireTokens(policy, rows);
    var weights = layers.get(layer);
    var logits = multiply(hidden, weights.weight());
    addBias(logits, weights.bias());
    var noise = noise(policy, weights, hidden);
    var refused = new boolean[hidden.rows()];
    for (int row = 0; row < hidden.rows(); row++) {
      if (!skipped.test(row)) {
        var reason = refusal(layer, "score", logits, row);
        reason = reason == null ? refusal(layer, "noise", noise, row) : reason;
        refused[row] = reason != null;
        if (reason != null) {
          refusals.refuse(row, reason);
        }
      }
    }
    RoutingPolicies.Draws draws =
        (row, stream) ->
            CounterRandom.uniform(
                rows.seeds()[row], rows.positions()[row], layer * STREAMS + stream);
    return RoutingPolicies.route(
        compute.kernels(),
        policy,
        new Input(logits, weights.choiceBias(), noise, draws),
        rows,
        row -> refused[row] || skipped.test(row));
  }

  private @Nullable Matrix noise(RoutingPolicy policy, GateWeights weights, Matrix hidden) {
    return policy instanceof NoisyTopK noisy && noisy.noise() && weights.noise() != null
        ? multiply(hidden, weights.noise())
        : null;
  }

  /// Why a row cannot be routed, or null.
  private static @Nullable String refusal(
      int layer, String what, @Nullable Matrix values, int row) {
    for (int expert = 0; values != null && expert < values.cols(); expert++) {
      if (!Float.isFinite(values.get(row, expert))) {
        return "the gate of layer %d gives expert %d the %s %s, must be a finite number"
            .formatted(layer, expert, what, values.get(row, expert));
      }
    }
    return null;
  }

  private static void requireTokens(RoutingPolicy policy, TokenRows rows) {
    if (policy instanceof RoutingPolicy.Hash) {
      for (int token : rows.tokens()) {
        if (token == TokenRows.UNKNOWN) {
          throw new IllegalArgumentException(
              "policy is hash, which needs the tokens' ids, and there are only activations");
        }
      }
    }
  }

  private Matrix multiply(Matrix hidden, PackedMatrix weight) {
    var product = Matrix.allocate(hidden.rows(), weight.outputs());
    compute.multiply(hidden, weight, product);
    return product;
  }

  private static void addBias(Matrix logits, float @Nullable [] bias) {
    if (bias == null) {
      return;
    }
    for (int row = 0; row < logits.rows(); row++) {
      for (int expert = 0; expert < bias.length; expert++) {
        logits.set(row, expert, logits.get(row, expert) + bias[expert]);
      }
    }
  }
}
