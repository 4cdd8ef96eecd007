package io.moesaic.router.capacity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.router.gate.Choices;
import io.moesaic.router.gate.Gate;
import io.moesaic.router.gate.GateBank;
import io.moesaic.router.gate.Gating;
import io.moesaic.router.gate.ModelPolicy;
import io.moesaic.router.gate.TokenRows;
import io.moesaic.router.json.FieldException;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.Refused;
import io.moesaic.tensor.Tensor;
import io.moesaic.tensor.TestModels;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.checkpoint.ModelConfig;
import io.moesaic.tensor.ffn.ExpertBank;
import io.moesaic.tensor.kernel.Compute;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Capacities that count a sequence over all its passes.
class WholeSequenceTest {
  private static final long SEED = 20261122;

  /// Sequences of the reference's batch.
  private static final int SEQUENCES = 2;

  static List<Path> models() {
    return List.of(TestModels.switchTransformers(), TestModels.switchTransformersTight());
  }

  /// The masks of transformers have a row of zeros for each token that was dropped.
  @ParameterizedTest
  @MethodSource("models")
  void dropsWhatTheReferenceDropsHoweverSequencesAreCut(Path model) {
    var random = new Random(SEED);
    int dropped = 0;
    try (var expected = Checkpoint.openFile(model.resolve("expected.safetensors"));
        var arena = Arena.ofShared();
        var gate = new ModelGate(model, arena)) {
      for (int layer = 0; layer < gate.bank.layers(); layer++) {
        var hidden = expected.map("hidden_in." + layer, arena);
        var mask = expected.map("topk_index." + layer, arena);
        int length = (int) hidden.shape().dim(0) / SEQUENCES;
        for (int sequence = 0; sequence < SEQUENCES; sequence++) {
          for (int longest : new int[] {1, 5, length}) {
            int first = sequence * length;
            var kept = gate.inPasses(layer, hidden, first, length, longest, random);
            for (int row = 0; row < length; row++) {
              var what = "layer " + layer + ", row " + (first + row) + ", seed " + SEED;
              int expert = marked(mask, first + row);
              assertEquals(expert, kept.get(row), what);
              dropped += expert == Choices.NONE ? 1 : 0;
            }
          }
        }
      }
    }
    assertEquals(model.equals(TestModels.switchTransformersTight()), dropped > 0);
  }

  private static int marked(Tensor mask, int row) {
    int experts = (int) mask.shape().dim(1);
    for (int expert = 0; expert < experts; expert++) {
      if (mask.getLong((long) row * experts + expert) == 1) {
        return expert;
      }
    }
    return Choices.NONE;
  }

  /// The gates of a model, and its capacity.
  private static final class ModelGate implements AutoCloseable {
    private final ModelConfig config;
    private final ExpertBank bank;
    private final Compute compute = Compute.on(1, "gate");
    private final Gate gate;

    ModelGate(Path model, Arena arena) {
      config = ModelConfig.read(model);
      bank = ExpertBank.of(config);
      try (var checkpoint = Checkpoint.open(model)) {
        gate = new Gate(compute, GateBank.load(config, checkpoint, bank, arena));
      }
    }

    /// The expert of each row of a sequence that is cut at random.
    List<Integer> inPasses(
        int layer, Tensor hidden, int first, int length, int longest, Random random) {
      List<Integer> kept = new ArrayList<>();
      var taken = new PlacesTaken();
      for (int from = 0; from < length; from = kept.size()) {
        int count = longest == length ? length : 1 + random.nextInt(longest);
        var x = rows(hidden, first + from, Math.min(count, length - from));
        var tokens = TokenRows.anonymous(x.rows(), 0);
        var gating =
            gate.route(
                ModelPolicy.of(config), layer, x, tokens, _ -> false, (_, reason) -> fail(reason));
        var admission = admit(gating, tokens, ModelCapacity.of(config), taken, layer);
        for (int row = 0; row < x.rows(); row++) {
          kept.add(admission.admitted().expert(row, 0));
        }
      }
      return kept;
    }

    private static void fail(String reason) {
      throw new AssertionError(reason);
    }

    private static Matrix rows(Tensor hidden, int from, int count) {
      int cols = (int) hidden.shape().dim(1);
      var x = Matrix.allocate(count, cols);
      for (int row = 0; row < count; row++) {
        for (int i = 0; i < cols; i++) {
          x.set(row, i, hidden.getFloat((long) (from + row) * cols + i));
        }
      }
      return x;
    }

    @Override
    public void close() {
      compute.close();
    }
  }

  private static Admission admit(
      Gating gating, TokenRows tokens, CapacityPolicy policy, PlacesTaken taken, int layer) {
    int count = tokens.count();
    var rows = new StepRows(tokens, List.of(policy), List.of(taken), new RowTallies(count));
    var placement = Limited.placement(new int[gating.scores().cols()]);
    return CapacityLimiter.admit(layer, gating, rows, placement, _ -> false);
  }

  @Test
  void thePlacesOfASequenceAreToldOfOnce() {
    var policy = CapacityJson.parse("{\"scope\": \"whole_sequence\", \"capacity\": 2}");
    var taken = new PlacesTaken();
    var scores = Matrix.allocate(2, 4);
    var choices = new Choices(2, 1, new int[] {3, 3}, new float[] {1, 1});
    var gating = new Gating(choices, scores, scores);
    var tokens = TokenRows.anonymous(2, 0);
    var first = admit(gating, tokens, policy, taken, 0);
    var second = admit(gating, tokens, policy, taken, 0);
    assertEquals(8, first.places());
    assertEquals(0, second.places());
    assertEquals(List.of(0, 1), List.of(first.slot(0, 0), first.slot(1, 0)));
    assertEquals(List.of(2, 3), List.of(second.slot(0, 0), second.slot(1, 0)));
    assertFalse(first.dropped(1, 0));
    assertTrue(second.dropped(0, 0));
  }

  @Test
  void theNextPassHasAllPlacesAgainWhereOnlyItsOwnTokensAreCounted() {
    var policy =
        CapacityJson.parse("{\"rule\": \"fixed\", \"capacity\": 2, \"priority\": \"position\"}");
    var taken = new PlacesTaken();
    var scores = Matrix.allocate(2, 4);
    var gating =
        new Gating(new Choices(2, 1, new int[] {3, 3}, new float[] {1, 1}), scores, scores);
    var tokens = TokenRows.anonymous(2, 0);
    admit(gating, tokens, policy, taken, 0);
    assertFalse(admit(gating, tokens, policy, taken, 0).dropped(0, 0));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'rule': 'megatron', 'factor': 1",
        "'capacity': 2, 'overflow': 'next_choice'",
        "'capacity': 2, 'priority': 'probability'",
      })
  void whatLaterTokensCouldChangeCannotCountWholeSequences(String json) {
    var whole = ("{'scope': 'whole_sequence', " + json + "}").replace('\'', '"');
    var refusal = Refused.with(FieldException.class, () -> CapacityJson.parse(whole));
    assertTrue(refusal.contains("scope whole_sequence is with rule"), refusal);
    assertTrue(refusal.contains("must be with fixed, position and drop"), refusal);
  }

  @Test
  void aModelsCapacityIsWrittenAsItIsRead() {
    var capacity = ModelCapacity.of(ModelConfig.read(TestModels.switchTransformersTight()));
    assertEquals(capacity, CapacityJson.parse(CapacityJson.write(capacity).toString()));
  }
}
