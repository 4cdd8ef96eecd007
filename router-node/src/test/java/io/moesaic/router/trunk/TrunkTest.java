package io.moesaic.router.trunk;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.router.moe.MoeObserver;
import io.moesaic.router.moe.ReferenceMoe;
import io.moesaic.tensor.DType;
import io.moesaic.tensor.TestModels;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.checkpoint.ModelConfig;
import io.moesaic.wire.WireType;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TrunkTest {
  @Test
  void agreesWithTheReferenceImplementation() {
    agrees(TestModels.mixtral(), DType.F32);
    agrees(TestModels.demo(), DType.F32);
    // Its reference was cast to bfloat16 with its rotary frequencies.
    agrees(TestModels.shardedBf16(), DType.BF16);
  }

  private static void agrees(Path model, DType rotary) {
    var config = TrunkConfig.of(ModelConfig.read(model)).withRotary(rotary);
    try (var expected = Checkpoint.openFile(model.resolve("expected.safetensors"));
        var arena = Arena.ofShared();
        var trunk = new Trunks(model, config, 2);
        var moe = new ReferenceMoe(model, WireType.F32, MoeObserver.NONE)) {
      var ids = expected.map("input_ids", arena);
      var logits = expected.map("logits", arena);
      int sequences = (int) ids.shape().dim(0);
      int length = (int) ids.shape().dim(1);
      float worst = 0;
      for (int s = 0; s < sequences; s++) {
        var tokens = new int[length];
        for (int t = 0; t < length; t++) {
          tokens[t] = (int) ids.getLong((long) s * length + t);
        }
        var ours = trunk.logits(tokens, moe);
        for (int t = 0; t < length; t++) {
          for (int v = 0; v < ours.cols(); v++) {
            long at = ((long) s * length + t) * ours.cols() + v;
            worst = Math.max(worst, Math.abs(ours.get(t, v) - logits.getFloat(at)));
          }
        }
      }
      assertTrue(worst < 1e-4, model + ": largest difference is " + worst);
    }
  }

  /// With a window as long as the sequence nothing is cut off; with a shorter one something is.
  @Test
  void aSlidingWindowLimitsWhatATokenSees() {
    var config = TrunkConfig.of(ModelConfig.read(TestModels.mixtral()));
    var tokens = new Random(5).ints(100, 2, config.vocabulary()).toArray();
    var changed = tokens.clone();
    changed[0] ^= 1;
    try (var trunk = new Trunks(TestModels.mixtral(), Trunks.withWindow(config, 40), 1);
        var moe = new ReferenceMoe(TestModels.mixtral(), WireType.F32, MoeObserver.NONE)) {
      var before = trunk.logits(tokens, moe);
      var after = trunk.logits(changed, moe);
      // Two layers reach back twice the window, less the token itself, and no further.
      int reach = 2 * (40 - 1);
      assertTrue(before.get(reach, 3) != after.get(reach, 3));
      for (int position = reach + 1; position < tokens.length; position++) {
        SameRowTest.assertSameRow(before, position, after, position, "position " + position);
      }
    }
  }
}
