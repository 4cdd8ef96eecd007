package io.moesaic.router.trunk;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.TestModels;
import io.moesaic.tensor.checkpoint.ModelConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The promise, within one process: how a sequence is cut into steps, and who shares them, does not
/// change a bit of its logits.
class SameRowTest {
  private static final long SEED = 20261122;

  /// A model, and windows that some of its published versions have.
  record Subject(Path model, TrunkConfig config, String name) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Subject> subjects() {
    var plain =
        Goldens.all()
            .map(
                model ->
                    new Subject(
                        model,
                        TrunkConfig.of(ModelConfig.read(model)),
                        model.getFileName().toString()));
    var mixtral = TestModels.mixtral();
    var windows =
        IntStream.of(7, 70)
            .mapToObj(
                window ->
                    new Subject(
                        mixtral,
                        Trunks.withWindow(TrunkConfig.of(ModelConfig.read(mixtral)), window),
                        "mixtral, window " + window));
    return Stream.concat(plain, windows);
  }

  @ParameterizedTest
  @MethodSource("subjects")
  void whatIsRememberedEqualsWhatIsComputedAgain(Subject subject) {
    var moe = new RowMoe();
    try (var trunk = new Trunks(subject.model, subject.config, 1)) {
      var tokens = new Random(SEED).ints(140, 2, subject.config.vocabulary()).toArray();
      try (var cache = trunk.pool.allocate(tokens.length)) {
        for (int t = 0; t < tokens.length; t++) {
          var segment = new StepBatch.Segment(cache, 0, 1, t);
          var batch = new StepBatch(new int[] {tokens[t]}, List.of(segment), new int[1]);
          var next = trunk.trunk.forward(batch, moe, new RowFailures(1));
          var again = trunk.logits(Arrays.copyOf(tokens, t + 1), moe);
          assertSameRow(again, t, next, 0, "position " + t);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("subjects")
  void aRowDependsOnItsOwnSequenceOnly(Subject subject) {
    var random = new Random(SEED);
    try (var trunk = new Trunks(subject.model, subject.config, 2)) {
      List<int[]> sequences = new ArrayList<>();
      List<Matrix> alone = new ArrayList<>();
      for (int length : new int[] {1, 5, 64, 65, 130}) {
        sequences.add(random.ints(length, 2, subject.config.vocabulary()).toArray());
        alone.add(trunk.logits(sequences.getLast(), new RowMoe()));
      }
      together(trunk, sequences, alone, random);
    }
  }

  /// Advances all sequences by random pieces, with a piece of each in a step, or none.
  private static void together(
      Trunks trunk, List<int[]> sequences, List<Matrix> expected, Random random) {
    var caches = sequences.stream().map(s -> trunk.pool.allocate(s.length)).toList();
    var done = new int[sequences.size()];
    while (!Arrays.equals(done, sequences.stream().mapToInt(s -> s.length).toArray())) {
      List<StepBatch.Segment> segments = new ArrayList<>();
      List<Integer> owners = new ArrayList<>();
      var tokens = new int[1000];
      int rows = 0;
      for (int s = 0; s < done.length; s++) {
        int count = Math.min(sequences.get(s).length - done[s], random.nextInt(40));
        if (count > 0) {
          segments.add(new StepBatch.Segment(caches.get(s), rows, count, done[s]));
          owners.add(s);
          System.arraycopy(sequences.get(s), done[s], tokens, rows, count);
          rows += count;
        }
      }
      if (rows == 0) {
        continue;
      }
      var all = IntStream.range(0, rows).toArray();
      var batch = new StepBatch(Arrays.copyOf(tokens, rows), segments, all);
      var logits = trunk.trunk.forward(batch, new RowMoe(), new RowFailures(rows));
      for (int i = 0; i < segments.size(); i++) {
        var segment = segments.get(i);
        int s = owners.get(i);
        for (int r = 0; r < segment.rows(); r++) {
          var what = "seed " + SEED + ", sequence " + s + ", position " + (done[s] + r);
          assertSameRow(expected.get(s), done[s] + r, logits, segment.firstRow() + r, what);
        }
        done[s] += segment.rows();
      }
    }
    caches.forEach(KvSequence::close);
  }

  static void assertSameRow(Matrix a, int rowA, Matrix b, int rowB, String what) {
    for (int i = 0; i < a.cols(); i++) {
      assertEquals(
          Float.floatToRawIntBits(a.get(rowA, i)), Float.floatToRawIntBits(b.get(rowB, i)), what);
    }
  }
}
