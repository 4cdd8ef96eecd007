package io.moesaic.router.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class TextStreamTest {
  private final Tokenizer demo = Models.tokenizer(Models.DEMO);
  private final Tokenizer golden = Models.tokenizer(Models.GOLDEN);

  @Test
  void holdsBackTheFirstBytesOfACharacter() {
    int[] tokens = demo.encode("😀", false);
    var stream = demo.textStream(TextForm.PLAIN);
    for (int i = 0; i < tokens.length - 1; i++) {
      assertEquals("", stream.append(tokens[i]));
    }
    assertEquals("😀", stream.append(tokens[tokens.length - 1]));
    assertEquals("", stream.finish());
  }

  @Test
  void anUnfinishedCharacterAtTheEndIsReplaced() {
    int[] tokens = demo.encode("a€", false);
    var stream = demo.textStream(TextForm.PLAIN);
    assertEquals("a", stream.append(tokens[0]));
    assertEquals("", stream.append(tokens[1]));
    assertEquals("\uFFFD", stream.finish());
  }

  @Test
  void textIsWhatTheLibraryDecodesForRandomUnicode() {
    long seed = System.nanoTime();
    var random = new Random(seed);
    for (int run = 0; run < 200; run++) {
      var text = randomText(random, 100);
      int[] tokens = demo.encode(text, false);
      assertEquals(
          text, String.join("", pieces(demo.textStream(TextForm.PLAIN), tokens)), "seed " + seed);
    }
  }

  @Test
  void textIsWhatTheLibraryDecodesForRandomTokens() {
    long seed = System.nanoTime();
    var random = new Random(seed);
    for (int run = 0; run < 200; run++) {
      // half of them from the first ids, which are single bytes, so that characters are invalid
      int[] tokens = random.ints(50, 0, run % 2 == 0 ? 257 : demo.vocabularySize()).toArray();
      assertEquals(
          replacedOnce(demo.decode(tokens, true)),
          replacedOnce(String.join("", pieces(demo.textStream(TextForm.PLAIN), tokens))),
          "seed " + seed);
    }
  }

  @Test
  void aStopStringEndsTheTextBeforeIt() {
    var stream = golden.textStream(TextForm.PLAIN.until(List.of("END"), 0));
    var pieces = pieces(stream, golden.encode("anENENDxy", false));
    assertEquals(List.of("a", "n", "", "", "EN", "", "", "", "", ""), pieces);
    assertEquals("END", stream.stopString());
  }

  @Test
  void whatOnlyLookedLikeAStopStringIsReleasedAtTheEnd() {
    var stream = golden.textStream(TextForm.PLAIN.until(List.of("END"), 0));
    assertEquals(List.of("a", "", "", "EN"), pieces(stream, golden.encode("aEN", false)));
    assertNull(stream.stopString());
  }

  @Test
  void theFirstStopStringToEndWinsAndOfThoseTheLongest() {
    assertStops("xabcd", List.of("bcd", "bc"), "xa", "bc");
    assertStops("xabcd", List.of("c", "abc", "bc"), "x", "abc");
    assertStops("aabaabaac", List.of("aabaac"), "aab", "aabaac");
  }

  @Test
  void theTextOfTheFirstTokensIsNotSearched() {
    var stream = golden.textStream(TextForm.PLAIN.until(List.of("a"), 3));
    assertEquals("aaab", String.join("", pieces(stream, golden.encode("aaabac", false))));
    assertEquals("a", stream.stopString());
  }

  @Test
  void findsStopStringsAsASearchInTheWholeTextDoes() {
    long seed = System.nanoTime();
    var random = new Random(seed);
    for (int run = 0; run < 2_000; run++) {
      var text = letters(random, 30);
      var stops = List.of(letters(random, 1 + random.nextInt(5)), letters(random, 4));
      var stream = golden.textStream(TextForm.PLAIN.until(stops, 0));
      var found = String.join("", pieces(stream, golden.encode(text, false)));
      int end =
          stops.stream()
              .filter(text::contains)
              .mapToInt(stop -> text.indexOf(stop) + stop.length())
              .min()
              .orElse(-1);
      if (end < 0) {
        assertEquals(text, found, "seed " + seed);
        assertNull(stream.stopString());
      } else {
        var stop = assertNotNullString(stream.stopString());
        assertEquals(text.substring(0, end - stop.length()), found, "seed " + seed);
        assertTrue(text.substring(0, end).endsWith(stop), "seed " + seed);
      }
    }
  }

  @Test
  void aTextOfManyTokensTakesTimeInProportion() {
    var stream = golden.textStream(TextForm.PLAIN.until(List.of("a".repeat(10_000) + "b"), 0));
    int a = golden.encode("a", false)[0];
    int released = 0;
    for (int i = 0; i < 1_000_000; i++) {
      released += stream.append(a).length();
    }
    assertEquals(990_000, released);
  }

  @Test
  void specialTokensHaveNoText() {
    assertEquals(
        List.of("", "a", "", ""), pieces(golden.textStream(TextForm.PLAIN), new int[] {0, 68, 1}));
  }

  @Test
  void anEmptyStopStringIsRefused() {
    assertThrows(
        IllegalArgumentException.class,
        () -> golden.textStream(TextForm.PLAIN.until(List.of(""), 0)));
  }

  /// Decoders do not agree on how many replacements a run of invalid bytes becomes.
  private static String replacedOnce(String text) {
    return text.replaceAll("\uFFFD+", "\uFFFD");
  }

  private void assertStops(String text, List<String> stops, String kept, String stop) {
    var stream = golden.textStream(TextForm.PLAIN.until(stops, 0));
    assertEquals(kept, String.join("", pieces(stream, golden.encode(text, false))));
    assertEquals(stop, stream.stopString());
  }

  private static String assertNotNullString(@Nullable String string) {
    assertNotNull(string);
    return string;
  }

  /// What the stream returns for each token, and at the end.
  private static List<String> pieces(TextStream stream, int[] tokens) {
    var pieces = new ArrayList<String>();
    Arrays.stream(tokens).forEach(token -> pieces.add(stream.append(token)));
    pieces.add(stream.finish());
    return pieces;
  }

  private static String letters(RandomGenerator random, int length) {
    var letters = new StringBuilder();
    random.ints(length, 'a', 'd').forEach(letters::appendCodePoint);
    return letters.toString();
  }

  private static String randomText(RandomGenerator random, int characters) {
    var text = new StringBuilder();
    while (text.length() < characters) {
      int bits = 1 + random.nextInt(21);
      int character = random.nextInt(1 << bits);
      if (Character.isValidCodePoint(character)
          && (character < Character.MIN_SURROGATE || character > Character.MAX_SURROGATE)) {
        text.appendCodePoint(character);
      }
    }
    return text.toString();
  }
}
