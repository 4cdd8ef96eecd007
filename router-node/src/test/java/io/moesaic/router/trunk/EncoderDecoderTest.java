package io.moesaic.router.trunk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.Refused;
import io.moesaic.tensor.Tensor;
import io.moesaic.tensor.TestModels;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.checkpoint.ModelConfig;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class EncoderDecoderTest {
  private static final long SEED = 20261122;

  static Stream<Path> models() {
    return Goldens.ENCODER_DECODERS.stream();
  }

  private static Trunks open(Path model, int threads) {
    return new Trunks(model, TrunkConfig.of(ModelConfig.read(model)), threads);
  }

  @ParameterizedTest
  @MethodSource("models")
  void agreesWithTheReference(Path model) {
    try (var expected = Checkpoint.openFile(model.resolve("expected.safetensors"));
        var arena = Arena.ofShared();
        var trunk = open(model, 2)) {
      var prompts = expected.map("input_ids", arena);
      var texts = expected.map("decoder_input_ids", arena);
      int promptLength = (int) prompts.shape().dim(1);
      int textLength = (int) texts.shape().dim(1);
      for (int s = 0; s < prompts.shape().dim(0); s++) {
        var encoder = new GoldenMoe(expected, arena, s * promptLength);
        var decoder = new GoldenMoe(expected, arena, s * textLength);
        var logits =
            new EncodedTexts(trunk).logits(row(prompts, s), row(texts, s), encoder, decoder);
        FamiliesTest.assertClose(expected.map("logits", arena), s * textLength, logits);
        assertEquals(
            IntStream.range(0, trunk.config.moeLayers()).boxed().collect(Collectors.toSet()),
            Stream.of(encoder, decoder)
                .map(GoldenMoe::asked)
                .flatMap(Set::stream)
                .collect(Collectors.toSet()));
      }
    }
  }

  private static int[] row(Tensor ids, int row) {
    int length = (int) ids.shape().dim(1);
    return IntStream.range(0, length).map(t -> (int) ids.getLong(row * length + t)).toArray();
  }

  @ParameterizedTest
  @MethodSource("models")
  void whatIsRememberedEqualsWhatIsComputedAgain(Path model) {
    var random = new Random(SEED);
    try (var trunk = open(model, 1)) {
      var texts = new EncodedTexts(trunk);
      for (int length : new int[] {1, 64, 70}) {
        var prompt = random.ints(length, 2, trunk.config.vocabulary()).toArray();
        var text = random.ints(75, 2, trunk.config.vocabulary()).toArray();
        try (var cache = texts.allocate(prompt, text)) {
          texts.encode(List.of(cache), List.of(prompt), new RowMoe());
          for (int t = 0; t < text.length; t++) {
            var token = List.of(new int[] {text[t]});
            var next = texts.decode(List.of(cache), token, new int[] {t}, new RowMoe());
            var again =
                texts.logits(prompt, Arrays.copyOf(text, t + 1), new RowMoe(), new RowMoe());
            var what = "seed " + SEED + ", prompt of " + length + ", position " + t;
            SameRowTest.assertSameRow(again, t, next, 0, what);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void aRowDependsOnItsOwnSequenceOnly(Path model) {
    var random = new Random(SEED);
    var moe = new RowMoe();
    try (var trunk = open(model, 2)) {
      var texts = new EncodedTexts(trunk);
      List<int[]> prompts = new ArrayList<>();
      List<int[]> all = new ArrayList<>();
      for (int length : new int[] {1, 17, 64, 65}) {
        prompts.add(random.ints(length, 2, trunk.config.vocabulary()).toArray());
        all.add(random.ints(12, 2, trunk.config.vocabulary()).toArray());
      }
      var caches =
          IntStream.range(0, 4).mapToObj(i -> texts.allocate(prompts.get(i), all.get(i))).toList();
      texts.encode(caches.subList(0, 3), prompts.subList(0, 3), moe);
      texts.encode(caches.subList(3, 4), prompts.subList(3, 4), moe);
      int half = all.getFirst().length / 2;
      var first = all.stream().map(text -> Arrays.copyOf(text, half)).toList();
      var second = all.stream().map(text -> Arrays.copyOfRange(text, half, 2 * half)).toList();
      var logits =
          List.of(
              texts.decode(caches, first, new int[4], moe),
              texts.decode(caches, second, new int[] {half, half, half, half}, moe));
      for (int s = 0; s < 4; s++) {
        var alone = texts.logits(prompts.get(s), all.get(s), moe, moe);
        for (int t = 0; t < 2 * half; t++) {
          var what = "seed " + SEED + ", sequence " + s + ", position " + t;
          SameRowTest.assertSameRow(alone, t, logits.get(t / half), s * half + t % half, what);
        }
      }
      caches.forEach(KvSequence::close);
    }
  }

  @Test
  void everyTokenOfThePromptSeesAllOfIt() {
    try (var trunk = open(TestModels.switchTransformers(), 1)) {
      var texts = new EncodedTexts(trunk);
      var prompt = new Random(SEED).ints(70, 2, trunk.config.vocabulary()).toArray();
      var changed = prompt.clone();
      changed[69] ^= 1;
      var before = inputs(texts, prompt);
      var after = inputs(texts, changed);
      assertTrue(before.get(0, 0) != after.get(0, 0), "the first token does not see the last");
    }
  }

  /// What the first MoE block of the encoder is asked.
  private static Matrix inputs(EncodedTexts texts, int[] prompt) {
    List<Matrix> seen = new ArrayList<>();
    MoeLayer moe =
        (layer, hidden, output, failures) -> {
          if (layer == 0) {
            var copy = Matrix.allocate(hidden.rows(), hidden.cols());
            for (int row = 0; row < hidden.rows(); row++) {
              copy.copyRow(row, hidden, row);
            }
            seen.add(copy);
          }
        };
    try (var cache = texts.allocate(prompt, new int[1])) {
      texts.encode(List.of(cache), List.of(prompt), moe);
    }
    return seen.getFirst();
  }

  @Test
  void aPromptThatIsCutIsRefused() {
    try (var trunk = open(TestModels.switchTransformers(), 1)) {
      var texts = new EncodedTexts(trunk);
      try (var cache = texts.allocate(new int[5], new int[1])) {
        var cut = List.of(new int[3]);
        var sentence =
            Refused.with(
                IllegalArgumentException.class,
                () -> texts.encode(List.of(cache), cut, new RowMoe()));
        assertTrue(sentence.contains("3 rows from position 0"), sentence);
        assertTrue(sentence.contains("all of its 5"), sentence);
      }
    }
  }
}
