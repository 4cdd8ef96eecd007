package io.moesaic.router.capacity;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import io.moesaic.router.capacity.CapacityPolicy.Priority;
import io.moesaic.router.capacity.CapacityRule.Formula;
import io.moesaic.router.capacity.CapacityRule.Rounding;
import io.moesaic.router.gate.Choices;
import io.moesaic.router.gate.Gating;
import io.moesaic.router.gate.RoutingPolicy.SoftmaxTopK;
import io.moesaic.router.gate.Vectors;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Kernels;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/// Which choices are kept, and in which slots, as others published it.
class PublishedCapacityTest {
  /// `[token, expert, slot]` of what is kept.
  private static Set<List<Integer>> kept(Admission admission) {
    Set<List<Integer>> kept = new TreeSet<>((a, b) -> a.toString().compareTo(b.toString()));
    var choices = admission.admitted();
    for (int row = 0; row < choices.rows(); row++) {
      for (int rank = 0; rank < choices.ranks(); rank++) {
        if (choices.expert(row, rank) != Choices.NONE) {
          kept.add(List.of(row, choices.expert(row, rank), admission.slot(row, rank)));
        }
      }
    }
    return kept;
  }

  private static Set<List<Integer>> triples(JsonNode node) {
    Set<List<Integer>> triples = new TreeSet<>((a, b) -> a.toString().compareTo(b.toString()));
    for (var triple : node) {
      triples.add(List.of(triple.get(0).asInt(), triple.get(1).asInt(), triple.get(2).asInt()));
    }
    return triples;
  }

  private static CapacityRule deepSpeed(int minimum) {
    return new CapacityRule(Formula.DEEPSPEED, 1, Rounding.CEIL, minimum, 1, true);
  }

  private static Admission deepSpeed(JsonNode vector, CapacityRule rule, Priority priority) {
    var logits = Vectors.matrix(vector.get("logits"));
    int k = vector.get("k").asInt();
    assertEquals(
        vector.get("capacity").asInt(),
        rule.capacity(logits.rows(), logits.cols(), k, logits.rows()));
    var gating = Vectors.route(new SoftmaxTopK(k, false, 1), logits);
    return Limited.admit(gating, Limited.dropping(rule, priority));
  }

  @Test
  void deepSpeedKeepsTheMostProbable() {
    for (int i = 0; i < 2; i++) {
      var vector = Vectors.of("deepspeed_topkgating").get(i);
      var admission = deepSpeed(vector, deepSpeed(1), Priority.PROBABILITY);
      assertEquals(triples(vector.get("probs")), kept(admission));
    }
  }

  @Test
  void deepSpeedKeepsTheEarliest() {
    for (int i = 0; i < 2; i++) {
      var vector = Vectors.of("deepspeed_topkgating").get(i);
      var admission = deepSpeed(vector, deepSpeed(1), Priority.POSITION);
      assertEquals(triples(vector.get("position")), kept(admission));
    }
  }

  @Test
  void withoutDroppingTheFullestExpertSetsTheCapacity() {
    var vector = Vectors.of("deepspeed_topkgating").get(2);
    var admission = deepSpeed(vector, CapacityRule.of(Formula.MEGABLOCKS, 0), Priority.POSITION);
    assertEquals(triples(vector.get("dispatch")), kept(admission));
  }

  /// Its gates are no probabilities: they are taken as they are.
  private static Gating vmoe(JsonNode vector) {
    var gates = Vectors.matrix(vector.get("gates"));
    int k = vector.get("k").asInt();
    var experts = new int[gates.rows() * k];
    var weights = new float[experts.length];
    for (int row = 0; row < gates.rows(); row++) {
      Kernels.scalar().topK(gates, row, k, experts, row * k);
      for (int rank = 0; rank < k; rank++) {
        weights[row * k + rank] = gates.get(row, experts[row * k + rank]);
      }
    }
    return new Gating(new Choices(gates.rows(), k, experts, weights), gates, gates);
  }

  private static void assertVmoe(Priority priority, String name) {
    var vector = Vectors.of("vmoe_top2_cap2");
    int capacity = vector.get("capacity").asInt();
    var gating = vmoe(vector);
    var admission = Limited.admit(gating, Limited.dropping(CapacityRule.fixed(capacity), priority));
    for (int row = 0; row < 3; row++) {
      for (int rank = 0; rank < 2; rank++) {
        var expected = vector.get(name).get(row).get(rank);
        int slot = expected.get(1).asInt();
        assertEquals(expected.get(0).asInt(), gating.choices().expert(row, rank));
        assertEquals(slot, admission.slot(row, rank));
        assertEquals(slot >= capacity, admission.dropped(row, rank));
        float weight = vector.get("combine_weights_all").get(row).get(rank).floatValue();
        assertEquals(slot >= capacity ? 0 : weight, admission.admitted().weight(row, rank));
      }
    }
  }

  @Test
  void vmoeAdmitsAllFirstChoicesBeforeAnySecond() {
    assertVmoe(Priority.RANK, "indices_vanilla");
  }

  @Test
  void vmoeAdmitsSureTokensFirstWhenBatchPrioritized() {
    assertVmoe(Priority.BATCH_PRIORITIZED, "indices_bpr");
  }

  @Test
  void switchKeepsTheFirstTokenOfEachExpertWithACapacityOfOne() {
    var vector = Vectors.of("switch_losses").get("top1_router");
    var kept = new ArrayList<List<List<Integer>>>();
    for (int batch = 0; batch < 2; batch++) {
      // Its argmax is tested with the gate; here it is given.
      var probabilities = Matrix.allocate(3, 2);
      var experts = new int[3];
      for (int row = 0; row < 3; row++) {
        experts[row] = vector.get("argmax").get(batch).get(row).asInt();
        probabilities.set(row, experts[row], 1);
      }
      var choices = new Choices(3, 1, experts, new float[] {1, 1, 1});
      var admission =
          Limited.admit(
              new Gating(choices, probabilities, probabilities),
              Limited.dropping(CapacityRule.fixed(1), Priority.POSITION));
      List<List<Integer>> mask = new ArrayList<>();
      for (int row = 0; row < 3; row++) {
        int expert = admission.admitted().expert(row, 0);
        mask.add(List.of(expert == 0 ? 1 : 0, expert == 1 ? 1 : 0));
      }
      kept.add(mask);
    }
    assertEquals(vector.get("mask_capacity_1").toString(), kept.toString().replace(" ", ""));
  }
}
