package io.moesaic.deploy.cli;

import io.moesaic.router.MoeSettings;
import io.moesaic.router.capacity.CapacityJson;
import io.moesaic.router.capacity.CapacityPolicy;
import io.moesaic.router.capacity.RequestCapacity;
import io.moesaic.router.gate.PolicyJson;
import io.moesaic.router.gate.RoutingPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// How a router chooses experts for tokens, and tokens for experts that are full.
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class MoeOptions {
  @Option(
      names = "--policy",
      paramLabel = "TYPE|JSON|FILE",
      description = {
        "How tokens are routed; default: the way that the model was trained with. For example",
        "switch_top_1, or {\"type\": \"softmax_top_k\", \"k\": 1, \"renormalize\": true}."
      })
  @Nullable RoutingPolicy policy;

  @Option(
      names = "--capacity",
      paramLabel = "none|FACTOR|JSON|FILE",
      description = {
        "How many tokens an expert takes, and what becomes of the others; 1 is an even share;",
        "default: none, and for Switch Transformers the model's own expert_capacity. A sequence's",
        "tokens are counted together, so that a request's result is the same whatever runs beside",
        "it. With {\"factor\": 1, \"scope\": \"step\"} everybody's tokens are counted together,",
        "and it depends on them. With \"per\": \"node\" or \"overflow\": \"local\" it depends",
        "on which node has which expert."
      })
  @Nullable CapacityPolicy capacity;

  @Option(
      names = "--request-capacity",
      paramLabel = "any|none|FACTOR",
      defaultValue = "any",
      description = {
        "Which capacities requests may bring of their own: any, none, or those with at least this",
        "factor; default: ${DEFAULT-VALUE}. They have no influence on requests that bring none."
      })
  RequestCapacity requestCapacity;

  MoeSettings settings() {
    return new MoeSettings(
        Optional.ofNullable(policy), Optional.ofNullable(capacity), requestCapacity);
  }

  /// The same, for the command line of a router.
  List<String> flags() {
    List<String> flags = new ArrayList<>();
    if (policy != null) {
      flags.add("--policy=" + PolicyJson.write(policy));
    }
    if (capacity != null) {
      flags.add("--capacity=" + CapacityJson.write(capacity));
    }
    if (!requestCapacity.allowed()) {
      flags.add("--request-capacity=none");
    } else if (requestCapacity.leastFactor() > 0) {
      flags.add("--request-capacity=" + requestCapacity.leastFactor());
    }
    return flags;
  }
}
