package io.moesaic.expert;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moesaic.expert.Router.Reply;
import io.moesaic.tensor.BFloat16;
import io.moesaic.tensor.Tensor;
import io.moesaic.tensor.TestModels;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.checkpoint.ModelConfig;
import io.moesaic.tensor.ffn.ExpertBank;
import io.moesaic.tensor.ffn.ExpertId;
import io.moesaic.tensor.ffn.ExpertWeights;
import io.moesaic.tensor.ffn.PlainExpert;
import io.moesaic.wire.TokenBatch;
import io.moesaic.wire.TokenSchema;
import io.moesaic.wire.WireType;
import io.moesaic.wire.v1.DispatchHeader;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What comes over the wire against what a reference implementation computed, and against plain
/// loops over the checkpoint.
class GoldenTest {
  private static final int EXPERTS_PER_TOKEN = 2;

  static Path[] models() {
    return new Path[] {TestModels.mixtral(), TestModels.shardedBf16()};
  }

  /// A model, and what the reference computed from it.
  private static final class Golden implements AutoCloseable {
    private final Arena arena = Arena.ofShared();
    private final Checkpoint weights;
    private final Checkpoint expected;
    private final ExpertBank bank;

    Golden(Path model) {
      weights = Checkpoint.open(model);
      expected = Checkpoint.openFile(model.resolve("expected.safetensors"));
      bank = ExpertBank.of(ModelConfig.read(model));
    }

    /// `[tokens, hidden]`
    Tensor hiddenIn(int layer) {
      return expected.map("hidden_in." + layer, arena);
    }

    /// `[tokens, hidden]`
    Tensor hiddenOut(int layer) {
      return expected.map("hidden_out." + layer, arena);
    }

    /// `[tokens, EXPERTS_PER_TOKEN]`
    Tensor choices(int layer) {
      return expected.map("topk_index." + layer, arena);
    }

    /// `[experts, hidden]`
    Tensor gate(int layer) {
      return weights.map("model.layers.%d.block_sparse_moe.gate.weight".formatted(layer), arena);
    }

    ExpertWeights expert(int layer, int expert) {
      return bank.map(weights, new ExpertId(layer, expert), arena);
    }

    int tokens(int layer) {
      return (int) hiddenIn(layer).shape().dim(0);
    }

    int hidden() {
      return bank.block().hidden();
    }

    @Override
    public void close() {
      weights.close();
      expected.close();
      arena.close();
    }
  }

  /// The replies to one batch of all tokens of a layer with the reference's choices.
  private static Reply reply(Router router, Golden golden, int layer, WireType type)
      throws InterruptedException {
    var schema = new TokenSchema(type, golden.hidden(), EXPERTS_PER_TOKEN);
    var stream = router.open(schema);
    var header = DispatchHeader.newBuilder().setRequestId(layer).setLayer(layer).build();
    stream.send(filled(stream.batch(header, golden.tokens(layer)), golden, layer));
    var reply = stream.reply();
    stream.halfClose();
    assertEquals("", reply.header().getMessage());
    return reply;
  }

  private static TokenBatch filled(TokenBatch batch, Golden golden, int layer) {
    var hiddenIn = golden.hiddenIn(layer);
    for (int i = 0; i < batch.rows() * golden.hidden(); i++) {
      if (batch.schema().type() == WireType.F32) {
        batch.hidden().set(JAVA_FLOAT_UNALIGNED, i * 4L, hiddenIn.getFloat(i));
      } else {
        batch.hidden().set(JAVA_SHORT_UNALIGNED, i * 2L, BFloat16.round(hiddenIn.getFloat(i)));
      }
    }
    for (int row = 0; row < batch.rows(); row++) {
      for (int rank = 0; rank < EXPERTS_PER_TOKEN; rank++) {
        batch.setExpert(row, rank, choice(golden, layer, row, rank));
      }
    }
    return batch;
  }

  private static int choice(Golden golden, int layer, int token, int rank) {
    return (int) golden.choices(layer).getLong((long) token * EXPERTS_PER_TOKEN + rank);
  }

  /// The softmax of the chosen experts' scores.
  private static double[] gateWeights(Golden golden, int layer, int token) {
    var weights = new double[EXPERTS_PER_TOKEN];
    double sum = 0;
    for (int rank = 0; rank < EXPERTS_PER_TOKEN; rank++) {
      double score = 0;
      for (int k = 0; k < golden.hidden(); k++) {
        long row = choice(golden, layer, token, rank);
        score +=
            (double) golden.hiddenIn(layer).getFloat((long) token * golden.hidden() + k)
                * golden.gate(layer).getFloat(row * golden.hidden() + k);
      }
      weights[rank] = Math.exp(score);
      sum += weights[rank];
    }
    for (int rank = 0; rank < EXPERTS_PER_TOKEN; rank++) {
      weights[rank] /= sum;
    }
    return weights;
  }

  @ParameterizedTest
  @MethodSource("models")
  void combinedRepliesAreTheReferencesOutput(Path model) throws InterruptedException {
    try (var golden = new Golden(model);
        var node = Nodes.serving(model, 0, 1);
        var router = new Router(node.address())) {
      for (int layer = 0; layer < golden.bank.layers(); layer++) {
        var rows = reply(router, golden, layer, WireType.F32).rows();
        var hiddenOut = golden.hiddenOut(layer);
        for (int token = 0; token < golden.tokens(layer); token++) {
          var weights = gateWeights(golden, layer, token);
          for (int i = 0; i < golden.hidden(); i++) {
            double sum = 0;
            for (int rank = 0; rank < EXPERTS_PER_TOKEN; rank++) {
              long slot = (long) token * EXPERTS_PER_TOKEN + rank;
              sum +=
                  weights[rank] * rows.get(JAVA_FLOAT_UNALIGNED, (slot * golden.hidden() + i) * 4);
            }
            float expected = hiddenOut.getFloat((long) token * golden.hidden() + i);
            assertEquals(expected, sum, 1e-4, "layer %d token %d".formatted(layer, token));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void repliesHaveTheBitsOfPlainLoops(Path model) throws InterruptedException {
    try (var golden = new Golden(model);
        var node = Nodes.serving(model, 0, 1);
        var router = new Router(node.address())) {
      for (int layer = 0; layer < golden.bank.layers(); layer++) {
        var exact = reply(router, golden, layer, WireType.F32).rows();
        var rounded = reply(router, golden, layer, WireType.BF16).rows();
        for (int slot = 0; slot < golden.tokens(layer) * EXPERTS_PER_TOKEN; slot++) {
          int token = slot / EXPERTS_PER_TOKEN;
          var expert = golden.expert(layer, choice(golden, layer, token, slot % EXPERTS_PER_TOKEN));
          var x = new float[golden.hidden()];
          var narrow = new float[golden.hidden()];
          for (int k = 0; k < x.length; k++) {
            x[k] = golden.hiddenIn(layer).getFloat((long) token * x.length + k);
            narrow[k] = BFloat16.widen(BFloat16.round(x[k]));
          }
          var y = PlainExpert.run(expert, x);
          var narrowY = PlainExpert.run(expert, narrow);
          for (int i = 0; i < y.length; i++) {
            long at = (long) slot * y.length + i;
            assertEquals(
                Float.floatToIntBits(y[i]),
                Float.floatToIntBits(exact.get(JAVA_FLOAT_UNALIGNED, at * 4)));
            assertEquals(BFloat16.round(narrowY[i]), rounded.get(JAVA_SHORT_UNALIGNED, at * 2));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void twoShardsGiveTheBitsOfOne(Path model) throws InterruptedException {
    try (var golden = new Golden(model);
        var whole = Nodes.serving(model, 0, 1);
        var even = Nodes.serving(model, 0, 2);
        var odd = Nodes.serving(model, 1, 2);
        var wholeRouter = new Router(whole.address());
        var evenRouter = new Router(even.address());
        var oddRouter = new Router(odd.address())) {
      for (var type : WireType.values()) {
        long rowBytes = (long) golden.hidden() * type.bytes();
        var expected = reply(wholeRouter, golden, 0, type).rows();
        for (int parity = 0; parity < 2; parity++) {
          var router = parity == 0 ? evenRouter : oddRouter;
          var stream = router.open(new TokenSchema(type, golden.hidden(), EXPERTS_PER_TOKEN));
          var batch = stream.batch(DispatchHeader.getDefaultInstance(), golden.tokens(0));
          filled(batch, golden, 0);
          // With 8 experts, every second one of each layer is on the same node.
          for (int row = 0; row < batch.rows(); row++) {
            for (int rank = 0; rank < EXPERTS_PER_TOKEN; rank++) {
              if (choice(golden, 0, row, rank) % 2 != parity) {
                batch.setExpert(row, rank, TokenBatch.NO_EXPERT);
              }
            }
          }
          stream.send(batch);
          var rows = stream.reply().rows();
          long next = 0;
          for (int slot = 0; slot < golden.tokens(0) * EXPERTS_PER_TOKEN; slot++) {
            int expert = choice(golden, 0, slot / EXPERTS_PER_TOKEN, slot % EXPERTS_PER_TOKEN);
            if (expert % 2 == parity) {
              assertEquals(
                  -1,
                  expected
                      .asSlice(slot * rowBytes, rowBytes)
                      .mismatch(rows.asSlice(next++ * rowBytes, rowBytes)),
                  "slot " + slot);
            }
          }
          assertEquals(next * rowBytes, rows.byteSize());
        }
      }
    }
  }
}
