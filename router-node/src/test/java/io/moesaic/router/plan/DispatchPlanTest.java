package io.moesaic.router.plan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moesaic.router.gate.Choices;
import io.moesaic.router.placement.Placement;
import io.moesaic.router.plan.DispatchPlan.HostBatch;
import io.moesaic.tensor.ffn.ExpertBank;
import io.moesaic.tensor.ffn.ExpertId;
import io.moesaic.tensor.ffn.FeedForward;
import io.moesaic.tensor.kernel.Randoms;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DispatchPlanTest {
  private static final int LAYERS = 2;
  private static final int LAYER = 1;

  private final Randoms random = new Randoms(Arena.ofAuto());
  private final Random shuffling = new Random(random.between(0, Integer.MAX_VALUE - 1));

  /// One choice of a row that is sent: the plan's twin is the list of them, by row, then by rank.
  private record Sent(int row, int rank, int expert, int host) {}

  private static ExpertBank bank(int experts) {
    return new ExpertBank(LAYERS, experts, new FeedForward.SwiGlu(1, 1));
  }

  private static List<Sent> twin(
      Choices choices, Placement placement, BitSet skipped, List<ExpertId> missing) {
    List<Sent> sent = new ArrayList<>();
    for (int row = 0; row < choices.rows(); row++) {
      List<Sent> ofRow = new ArrayList<>();
      boolean whole = !skipped.get(row);
      for (int rank = 0; rank < choices.ranks(); rank++) {
        int expert = choices.expert(row, rank);
        if (expert != Choices.NONE) {
          whole &= !missing.contains(new ExpertId(LAYER, expert));
          ofRow.add(new Sent(row, rank, expert, placement.host(LAYER, expert)));
        }
      }
      if (whole) {
        sent.addAll(ofRow);
      }
    }
    return sent;
  }

  /// Different experts, of which about one in ten was dropped.
  private Choices choices(int rows, int ranks, int experts) {
    var chosen = new int[rows * ranks];
    var weights = random.floats(rows * ranks);
    List<Integer> all = new ArrayList<>(IntStream.range(0, experts).boxed().toList());
    for (int row = 0; row < rows; row++) {
      Collections.shuffle(all, shuffling);
      for (int rank = 0; rank < ranks; rank++) {
        chosen[row * ranks + rank] = random.between(0, 9) == 0 ? Choices.NONE : all.get(rank);
      }
    }
    return new Choices(rows, ranks, chosen, weights, random.between(0, 1) == 0);
  }

  /// Experts on random hosts, some on several, and about one in `sparsity` on none.
  private Placement placement(ExpertBank bank, int hosts, int sparsity) {
    List<Set<ExpertId>> held = new ArrayList<>();
    for (int host = 0; host < hosts; host++) {
      held.add(new HashSet<>());
    }
    for (int i = 0; i < bank.count(); i++) {
      if (random.between(1, sparsity) > 1) {
        for (int copies = random.between(1, 3); copies > 0; copies--) {
          held.get(random.between(0, hosts - 1)).add(bank.at(i));
        }
      }
    }
    return Placement.of(1, bank, held);
  }

  @Test
  void aPlanIsWhatItsPlainTwinSays() {
    for (int rows : new int[] {0, 1, 2, 3, 7, 16, 65, 257}) {
      for (int ranks : new int[] {1, 2, 3, 8}) {
        for (int hosts : new int[] {1, 2, 3, 5, 70}) {
          int experts = ranks + random.between(0, 20);
          var choices = choices(rows, ranks, experts);
          var placement = placement(bank(experts), hosts, random.between(1, 3) * 10);
          var skipped = new BitSet();
          for (int row = 0; row < rows; row++) {
            skipped.set(row, random.between(0, 9) == 0);
          }
          assertSame(choices, placement, skipped);
        }
      }
    }
  }

  private void assertSame(Choices choices, Placement placement, BitSet skipped) {
    int columns = random.between(1, choices.ranks());
    var plan = DispatchPlan.of(choices, placement, LAYER, columns, skipped::get);
    var sent = twin(choices, placement, skipped, placement.missing());
    assertArrayEquals(
        sent.stream().mapToInt(Sent::host).distinct().sorted().toArray(),
        plan.batches().stream().mapToInt(HostBatch::host).toArray(),
        random.seed());
    for (int index = 0; index < plan.batches().size(); index++) {
      var batch = plan.batches().get(index);
      var here = sent.stream().filter(choice -> choice.host() == batch.host()).toList();
      assertBatch(batch, here, columns, choices);
      for (int slot = 0; slot < here.size(); slot++) {
        var choice = here.get(slot);
        assertEquals(index, plan.batchOf(choice.row(), choice.rank()), random.seed());
        assertEquals(slot, plan.slotOf(choice.row(), choice.rank()), random.seed());
      }
    }
    var sentRows = sent.stream().mapToInt(Sent::row).distinct().boxed().toList();
    for (int row = 0; row < choices.rows(); row++) {
      for (int rank = 0; rank < choices.ranks() && !sentRows.contains(row); rank++) {
        assertEquals(-1, plan.batchOf(row, rank), random.seed());
      }
    }
  }

  /// @param here the choices that the batch must hold, in order
  private void assertBatch(HostBatch batch, List<Sent> here, int columns, Choices choices) {
    List<Integer> rows = new ArrayList<>();
    List<Float> scales = new ArrayList<>();
    List<Integer> experts = new ArrayList<>();
    for (int row : here.stream().mapToInt(Sent::row).distinct().toArray()) {
      var ofRow = new ArrayList<>(here.stream().filter(choice -> choice.row() == row).toList());
      // A row that is scaled travels once for each of its experts, others as seldom as they can.
      int together = choices.weighsInput() ? 1 : columns;
      while (!ofRow.isEmpty()) {
        var part = ofRow.subList(0, Math.min(together, ofRow.size()));
        rows.add(row);
        scales.add(choices.weight(row, part.getFirst().rank()));
        for (int column = 0; column < columns; column++) {
          experts.add(column < part.size() ? part.get(column).expert() : Choices.NONE);
        }
        part.clear();
      }
    }
    assertEquals(rows, Arrays.stream(batch.rows()).boxed().toList(), random.seed());
    assertEquals(experts, Arrays.stream(batch.experts()).boxed().toList(), random.seed());
    assertEquals(here.size(), batch.slots(), random.seed());
    assertEquals(choices.weighsInput() ? rows.size() : 0, batch.scales().length, random.seed());
    for (int i = 0; i < batch.scales().length; i++) {
      assertEquals(scales.get(i), batch.scales()[i], random.seed());
    }
  }

  /// The drawing in the class's documentation.
  @Test
  void theExampleIsPlannedAsItIsDrawn() {
    var a = Set.of(new ExpertId(LAYER, 2), new ExpertId(LAYER, 4));
    var b = Set.of(new ExpertId(LAYER, 7));
    var placement = Placement.of(1, bank(8), List.of(a, b));
    var choices = new Choices(3, 2, new int[] {4, 7, 7, 2, 2, 4}, new float[6]);
    var plan = DispatchPlan.of(choices, placement, LAYER, choices.ranks(), _ -> false);

    var onA = plan.batches().get(0);
    assertArrayEquals(new int[] {0, 1, 2}, onA.rows());
    assertArrayEquals(new int[] {4, -1, 2, -1, 2, 4}, onA.experts());
    assertEquals(4, onA.slots());
    var onB = plan.batches().get(1);
    assertArrayEquals(new int[] {0, 1}, onB.rows());
    assertArrayEquals(new int[] {7, -1, 7, -1}, onB.experts());
    assertEquals(2, onB.slots());
    var inverse = new ArrayList<String>();
    for (int row = 0; row < 3; row++) {
      for (int rank = 0; rank < 2; rank++) {
        inverse.add("AB".charAt(plan.batchOf(row, rank)) + "" + plan.slotOf(row, rank));
      }
    }
    assertEquals(List.of("A0", "B0", "B1", "A1", "A2", "A3"), inverse);
  }

  @Test
  void aRowThatLacksOneExpertIsNotSentAtAll() {
    var placement = Placement.of(1, bank(3), List.of(Set.of(new ExpertId(LAYER, 0))));
    var choices = new Choices(2, 2, new int[] {0, 2, 1, 0}, new float[4]);
    assertEquals(
        List.of(),
        DispatchPlan.of(choices, placement, LAYER, choices.ranks(), _ -> false).batches());
    assertEquals(1, DispatchPlan.missingRank(choices, placement, LAYER, 0));
    assertEquals(0, DispatchPlan.missingRank(choices, placement, LAYER, 1));
  }

  @Test
  void theHostsOfAnotherLayerDoNotCount() {
    var placement = Placement.of(1, bank(1), List.of(Set.of(new ExpertId(LAYER, 0))));
    var choices = new Choices(1, 1, new int[] {0}, new float[1]);
    assertEquals(-1, DispatchPlan.missingRank(choices, placement, LAYER, 0));
    assertEquals(0, DispatchPlan.missingRank(choices, placement, 0, 0));
  }
}
