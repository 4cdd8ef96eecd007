package io.moesaic.expert;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moesaic.tensor.BFloat16;
import io.moesaic.tensor.TestModels;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.checkpoint.ModelConfig;
import io.moesaic.tensor.ffn.ExpertBank;
import io.moesaic.tensor.ffn.ExpertId;
import io.moesaic.tensor.ffn.PlainExpert;
import io.moesaic.tensor.ffn.QuantizedModels;
import io.moesaic.tensor.kernel.Randoms;
import io.moesaic.wire.TokenSchema;
import io.moesaic.wire.WireType;
import io.moesaic.wire.v1.DispatchHeader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What an expert node answers for each family of models, against plain loops over the checkpoint.
class FamiliesTest {
  @TempDir private Path directory = Path.of(".");

  static Path[] models() {
    return new Path[] {
      TestModels.olmoe(),
      TestModels.qwen2Moe(),
      TestModels.qwen3Moe(),
      TestModels.graniteMoe(),
      TestModels.gptOss(),
      TestModels.deepseekV2(),
      TestModels.deepseekV3(),
      TestModels.switchTransformers()
    };
  }

  @ParameterizedTest
  @MethodSource("models")
  void repliesHaveTheBitsOfPlainLoops(Path model) throws InterruptedException {
    assertServes(model);
  }

  @Test
  void quantizedExpertsAreServed() throws IOException, InterruptedException {
    assertServes(QuantizedModels.mxfp4(directory).quantized());
    assertServes(QuantizedModels.fp8(directory).quantized());
  }

  /// The second of two nodes: every expert that it holds, of every layer, in both wire types.
  private static void assertServes(Path model) throws InterruptedException {
    var bank = ExpertBank.of(ModelConfig.read(model));
    int hidden = bank.block().hidden();
    try (var arena = Arena.ofShared();
        var checkpoint = Checkpoint.open(model);
        var node = Nodes.serving(model, 1, 2);
        var router = new Router(node.address())) {
      var random = new Randoms(arena);
      for (var type : WireType.values()) {
        var stream = router.open(new TokenSchema(type, hidden, 1));
        for (int layer = 0; layer < bank.layers(); layer++) {
          var experts = heldOf(node, layer);
          var header = DispatchHeader.newBuilder().setLayer(layer).build();
          var batch = stream.batch(header, experts.size());
          List<float[]> rows = new ArrayList<>();
          for (int row = 0; row < experts.size(); row++) {
            var x = random.floats(hidden);
            for (int i = 0; i < hidden; i++) {
              x[i] = write(batch.hidden(), row * hidden + i, type, x[i]);
            }
            rows.add(x);
            batch.setExpert(row, 0, experts.get(row).expert());
          }
          stream.send(batch);
          var reply = stream.reply();
          assertEquals("", reply.header().getMessage());
          for (int row = 0; row < experts.size(); row++) {
            var y = PlainExpert.run(bank.map(checkpoint, experts.get(row), arena), rows.get(row));
            for (int i = 0; i < hidden; i++) {
              var at = "%s expert %s %s".formatted(type, experts.get(row), random.seed());
              assertSame(y[i], reply.rows(), row * hidden + i, type, at);
            }
          }
        }
        stream.halfClose();
      }
    }
  }

  private static List<ExpertId> heldOf(ExpertNode node, int layer) {
    return node.held().stream().filter(id -> id.layer() == layer).toList();
  }

  /// Writes a value to a batch, and tells what the node reads from there.
  private static float write(MemorySegment to, int index, WireType type, float value) {
    if (type == WireType.F32) {
      to.set(JAVA_FLOAT_UNALIGNED, index * 4L, value);
      return value;
    }
    short rounded = BFloat16.round(value);
    to.set(JAVA_SHORT_UNALIGNED, index * 2L, rounded);
    return BFloat16.widen(rounded);
  }

  private static void assertSame(
      float expected, MemorySegment actual, int index, WireType type, String context) {
    if (type == WireType.F32) {
      float value = actual.get(JAVA_FLOAT_UNALIGNED, index * 4L);
      assertEquals(Float.floatToIntBits(expected), Float.floatToIntBits(value), context);
    } else {
      short value = actual.get(JAVA_SHORT_UNALIGNED, index * 2L);
      assertEquals(BFloat16.round(expected), value, context);
    }
  }
}
