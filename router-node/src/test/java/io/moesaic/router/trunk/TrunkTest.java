package io.moesaic.router.trunk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.router.moe.MoeObserver;
import io.moesaic.router.moe.ReferenceMoe;
import io.moesaic.tensor.DType;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.TestModels;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.checkpoint.ModelConfig;
import io.moesaic.wire.WireType;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
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

  /// The promise, within one process: how a sequence is cut into steps, and who shares them, does
  /// not change a bit of its logits.
  @Test
  void aRowDependsOnItsOwnSequenceOnly() {
    long seed = 20261122;
    var random = new Random(seed);
    for (int window : new int[] {0, 7, 70}) {
      var config = withWindow(TrunkConfig.of(ModelConfig.read(TestModels.mixtral())), window);
      try (var trunk = new Trunks(TestModels.mixtral(), config, 2);
          var moe = new ReferenceMoe(TestModels.mixtral(), WireType.F32, MoeObserver.NONE)) {
        List<int[]> sequences = new ArrayList<>();
        List<Matrix> alone = new ArrayList<>();
        for (int length : new int[] {1, 5, 64, 65, 130}) {
          sequences.add(random.ints(length, 2, config.vocabulary()).toArray());
          alone.add(trunk.logits(sequences.getLast(), moe));
        }
        together(trunk, moe, sequences, alone, random, "seed " + seed + ", window " + window);
      }
    }
  }

  private static TrunkConfig withWindow(TrunkConfig c, int window) {
    var layers =
        c.layers().stream()
            .map(layer -> new TrunkConfig.Layer(new Window(window), layer.block()))
            .toList();
    return new TrunkConfig(
        c.hidden(),
        c.vocabulary(),
        c.maxPositions(),
        c.epsilon(),
        c.tiedHead(),
        c.multipliers(),
        c.rotary(),
        c.attention(),
        layers);
  }

  private static void together(
      Trunks trunk,
      MoeLayer moe,
      List<int[]> sequences,
      List<Matrix> expected,
      Random random,
      String what) {
    var caches = sequences.stream().map(s -> trunk.pool.allocate(s.length)).toList();
    var done = new int[sequences.size()];
    while (true) {
      List<StepBatch.Segment> segments = new ArrayList<>();
      List<Integer> owners = new ArrayList<>();
      var tokens = new int[1000];
      int rows = 0;
      for (int s = 0; s < done.length; s++) {
        int left = sequences.get(s).length - done[s];
        int count = Math.min(left, random.nextInt(40));
        if (count > 0) {
          segments.add(new StepBatch.Segment(caches.get(s), rows, count, done[s]));
          owners.add(s);
          System.arraycopy(sequences.get(s), done[s], tokens, rows, count);
          rows += count;
        }
      }
      if (rows == 0) {
        if (Arrays.equals(done, sequences.stream().mapToInt(s -> s.length).toArray())) {
          caches.forEach(KvSequence::close);
          return;
        }
        continue;
      }
      int[] all = new int[rows];
      Arrays.setAll(all, i -> i);
      var batch = new StepBatch(Arrays.copyOf(tokens, rows), segments, all);
      var logits = trunk.trunk.forward(batch, moe, new RowFailures(rows));
      for (int i = 0; i < segments.size(); i++) {
        var segment = segments.get(i);
        int s = owners.get(i);
        for (int r = 0; r < segment.rows(); r++) {
          assertSameRow(
              expected.get(s),
              done[s] + r,
              logits,
              segment.firstRow() + r,
              what + ", sequence " + s);
        }
        done[s] += segment.rows();
      }
    }
  }

  private static void assertSameRow(Matrix a, int rowA, Matrix b, int rowB, String what) {
    for (int i = 0; i < a.cols(); i++) {
      assertEquals(
          Float.floatToRawIntBits(a.get(rowA, i)), Float.floatToRawIntBits(b.get(rowB, i)), what);
    }
  }

  /// With a window as long as the sequence nothing is cut off; with a shorter one something is.
  @Test
  void aSlidingWindowLimitsWhatATokenSees() {
    var config = TrunkConfig.of(ModelConfig.read(TestModels.mixtral()));
    var tokens = new Random(5).ints(100, 2, config.vocabulary()).toArray();
    var changed = tokens.clone();
    changed[0] ^= 1;
    try (var trunk = new Trunks(TestModels.mixtral(), withWindow(config, 40), 1);
        var moe = new ReferenceMoe(TestModels.mixtral(), WireType.F32, MoeObserver.NONE)) {
      var before = trunk.logits(tokens, moe);
      var after = trunk.logits(changed, moe);
      // Two layers reach back twice the window, less the token itself, and no further.
      int reach = 2 * (40 - 1);
      assertTrue(before.get(reach, 3) != after.get(reach, 3));
      for (int position = reach + 1; position < tokens.length; position++) {
        assertSameRow(before, position, after, position, "position " + position);
      }
    }
  }
}
