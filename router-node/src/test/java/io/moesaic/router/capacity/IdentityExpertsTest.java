package io.moesaic.router.capacity;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moesaic.router.capacity.Batches.Batch;
import io.moesaic.router.gate.Choices;
import io.moesaic.router.gate.Gating;
import io.moesaic.router.plan.DispatchPlan;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Randoms;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// With experts that return what they are given, a token becomes itself times its weights that are
/// left: from the choices over capacity and plan to the hosts, and back.
class IdentityExpertsTest {
  private static final int CASES = 10_000;
  private static final int WIDTH = 3;

  private final Randoms random = new Randoms(Arena.ofAuto());
  private final Batches batches = new Batches(random);

  @Test
  void returnATokenTimesItsKeptWeights() {
    for (int i = 0; i < CASES; i++) {
      var batch = random.between(0, 1) == 0 ? batches.any() : weighingInput(batches.any());
      var choices = batch.admit().admitted();
      var hidden = random.matrix(choices.rows(), WIDTH);
      int columns = random.between(1, choices.ranks());
      var plan =
          DispatchPlan.of(choices, batch.placement(), 0, columns, row -> batch.skipped().get(row));
      var replies = plan.batches().stream().map(sent -> identity(sent, hidden, columns)).toList();
      for (int row = 0; row < choices.rows(); row++) {
        boolean sent =
            !batch.skipped().get(row)
                && DispatchPlan.missingRank(choices, batch.placement(), 0, row) < 0;
        float kept = 0;
        for (int rank = 0; rank < choices.ranks() && sent; rank++) {
          kept += choices.weight(row, rank);
        }
        for (int col = 0; col < WIDTH; col++) {
          assertEquals(
              kept * hidden.get(row, col),
              combined(choices, plan, replies, row, col),
              1e-5 * (1 + Math.abs(kept)),
              random.seed());
        }
      }
    }
  }

  private static Batch weighingInput(Batch batch) {
    var choices = batch.gating().choices();
    var experts = new int[choices.rows() * choices.ranks()];
    var scaling =
        new Choices(choices.rows(), choices.ranks(), experts, new float[experts.length], true);
    for (int row = 0; row < choices.rows(); row++) {
      for (int rank = 0; rank < choices.ranks(); rank++) {
        scaling.set(row, rank, choices.expert(row, rank), choices.weight(row, rank));
      }
    }
    return new Batch(
        new Gating(scaling, batch.gating().scores(), batch.gating().preference()),
        batch.tokens(),
        batch.limits(),
        batch.placement(),
        batch.skipped());
  }

  /// A host's reply: a row for each expert of each row.
  private static List<float[]> identity(DispatchPlan.HostBatch sent, Matrix hidden, int columns) {
    List<float[]> reply = new ArrayList<>();
    for (int i = 0; i < sent.rows().length; i++) {
      float scale = sent.scales().length == 0 ? 1 : sent.scales()[i];
      for (int column = 0; column < columns; column++) {
        if (sent.experts()[i * columns + column] != Choices.NONE) {
          var output = new float[WIDTH];
          for (int col = 0; col < WIDTH; col++) {
            output[col] = scale * hidden.get(sent.rows()[i], col);
          }
          reply.add(output);
        }
      }
    }
    return reply;
  }

  private static float combined(
      Choices choices, DispatchPlan plan, List<List<float[]>> replies, int row, int col) {
    float sum = 0;
    for (int rank = 0; rank < choices.ranks(); rank++) {
      int batch = plan.batchOf(row, rank);
      if (batch >= 0) {
        float weight = choices.weighsInput() ? 1 : choices.weight(row, rank);
        sum += weight * replies.get(batch).get(plan.slotOf(row, rank))[col];
      }
    }
    return sum;
  }
}
