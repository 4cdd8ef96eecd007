package io.moesaic.deploy.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.deploy.dev.ClusterSpec;
import io.moesaic.deploy.system.Listener.Told;
import io.moesaic.router.capacity.CapacityJson;
import io.moesaic.router.capacity.CapacityPolicy;
import io.moesaic.router.capacity.StepRows;
import io.moesaic.router.engine.GenerationRequest;
import io.moesaic.router.engine.MoeBlocks;
import io.moesaic.router.engine.MoeOptions;
import io.moesaic.router.gate.PolicyJson;
import io.moesaic.router.gate.RoutingPolicy;
import io.moesaic.router.moe.ExpertParallelMoe;
import io.moesaic.router.moe.MoeObserver;
import io.moesaic.router.sampling.SamplingParams;
import io.moesaic.router.sampling.SamplingParams.Penalties;
import io.moesaic.router.trunk.MoeLayer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Same prompt, same bytes, by every routing policy and under every limit that promises it, on any
/// number of expert nodes, alone and together. The nodes are in this process, which makes them
/// cheap.
@Timeout(600)
class AllPoliciesTest {
  private static final List<Integer> EXPERT_NODES = List.of(1, 2, 3, 5);
  private static final int TEXTS = 4;
  private static final int TOKENS = 4;
  private static final long SEED = 20261123;

  private static final List<String> POLICIES =
      List.of(
          "{\"type\": \"dense\"}",
          "{\"type\": \"noisy_top_k\", \"k\": 2}",
          "{\"type\": \"gshard_top_2\"}",
          "{\"type\": \"switch_top_1\"}",
          "{\"type\": \"softmax_top_k\", \"k\": 3}",
          "{\"type\": \"top_k_softmax\", \"k\": 2}",
          "{\"type\": \"group_limited_softmax\", \"k\": 2, \"groups\": 4, \"top_groups\": 2}",
          "{\"type\": \"group_limited_sigmoid\", \"k\": 2, \"groups\": 4, \"top_groups\": 2}",
          "{\"type\": \"sigmoid_input\", \"k\": 1}",
          "{\"type\": \"expert_choice\", \"factor\": 2}",
          "{\"type\": \"hash\", \"k\": 2, \"seed\": 3}");

  private static final List<String> CAPACITIES =
      List.of(
          "{\"factor\": 1, \"priority\": \"position\"}",
          "{\"factor\": 0.75, \"overflow\": \"next_choice\", \"renormalize\": \"after\"}",
          "{\"factor\": 1, \"scope\": \"request\", \"priority\": \"batch_prioritized\"}",
          "{\"factor\": 0.5, \"scope\": \"request\", \"priority\": \"random\", \"rule\":"
              + " \"vmoe\"}");

  /// A model whose tokens are routed in a way of the test's.
  private record Routed(ExpertParallelMoe moe, RoutingPolicy policy) implements MoeBlocks {
    @Override
    public MoeLayer step(StepRows rows) {
      return moe.step(policy, rows);
    }

    @Override
    public boolean expertsChoose() {
      return policy instanceof RoutingPolicy.ExpertChoice;
    }
  }

  @Test
  void everyPolicyGivesTheSameBytesOnAnyNumberOfNodesAloneAndTogether() throws Exception {
    Map<String, List<Told>> expected = new LinkedHashMap<>();
    for (int nodes : EXPERT_NODES) {
      try (var cluster = InProcessCluster.start(ClusterSpec.bundledModel(), nodes)) {
        for (var policy : POLICIES) {
          check(nodes + " nodes", policy, CapacityPolicy.DROPLESS, cluster, expected);
        }
        for (var capacity : CAPACITIES) {
          var policy = "{\"type\": \"softmax_top_k\", \"k\": 2, \"renormalize\": true}";
          check(
              nodes + " nodes, " + capacity,
              policy,
              CapacityJson.parse(capacity),
              cluster,
              expected);
        }
      }
    }
    var texts = expected.values().stream().map(told -> told.getFirst().text()).distinct().count();
    // Some are the same rule in other words.
    assertTrue(texts > POLICIES.size() / 2, "policies differ: " + texts);
  }

  /// Compares with what was found on fewer nodes, or becomes what others are compared with.
  private static void check(
      String where,
      String policy,
      CapacityPolicy capacity,
      InProcessCluster cluster,
      Map<String, List<Told>> expected)
      throws Exception {
    var model = cluster.model();
    var blocks =
        new Routed(
            model.layers().blocks(model.compute(), MoeObserver.NONE), PolicyJson.parse(policy));
    try (var engine = cluster.engine(blocks, capacity)) {
      var alone = InProcessCluster.alone(engine, requests());
      var known = expected.putIfAbsent(policy + CapacityJson.write(capacity), alone);
      if (known != null) {
        assertEquals(known, alone, "%s, alone, %s, seed %d".formatted(where, policy, SEED));
      }
      var told = InProcessCluster.together(engine, requests());
      assertEquals(alone, told, "%s, together, %s, seed %d".formatted(where, policy, SEED));
      long refused =
          alone.stream().mapToLong(t -> t.totals().dropped() + t.totals().rerouted()).sum();
      assertEquals(capacity.limits(), refused > 0, where + ", limited: " + refused);
      assertNotEquals(alone.getFirst(), alone.getLast());
    }
  }

  /// Requests of a text or two, with prompts of up to a few windows.
  private static List<List<GenerationRequest>> requests() {
    var random = new Random(SEED);
    List<List<GenerationRequest>> requests = new ArrayList<>();
    for (int i = 0; i < TEXTS; i++) {
      var prompt = random.ints(10 + random.nextInt(150), 0, 4096).toArray();
      List<GenerationRequest> texts = new ArrayList<>();
      for (int text = 0; text <= i % 2; text++) {
        var sampling =
            new SamplingParams(0.8f, 1, 0, 0, 100 * i + text, 2, Penalties.NONE, Map.of());
        var moe = new MoeOptions(Optional.empty(), true, false);
        texts.add(
            new GenerationRequest(prompt, TOKENS, TOKENS, sampling, Set.of(), false).with(moe));
      }
      requests.add(texts);
    }
    return requests;
  }
}
