package io.moesaic.router.tokenizer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizerTest {
  private final Tokenizer demo = Models.tokenizer(Models.DEMO);
  private final Tokenizer golden = Models.tokenizer(Models.GOLDEN);

  @Test
  void textSurvivesTheRoundTrip() {
    for (var text : new String[] {"", "Call me Ishmael.", "  a\n\tb ", "h\u00e9llo 😀 \0 世界"}) {
      assertEquals(text, demo.decode(demo.encode(text, true), true));
    }
    assertArrayEquals(new int[] {69, 70}, golden.encode("bc", true));
  }

  @Test
  void specialTokensAreNoTextUnlessAskedFor() {
    int[] tokens = golden.encode("<s>a</s>", false);
    assertArrayEquals(new int[] {0, 68, 1}, tokens);
    assertEquals("a", golden.decode(tokens, true));
    assertEquals("<s>a</s>", golden.decode(tokens, false));
    assertEquals("<s>", golden.piece(0));
    assertEquals(0, golden.textBytes(0).length);
  }

  @Test
  void aLongTextIsNotTruncated() {
    assertEquals(20_000, golden.encode("a".repeat(20_000), true).length);
  }

  @Test
  void everyTokenStandsForTheBytesThatTheLibraryDecodes() {
    for (var tokenizer : new Tokenizer[] {demo, golden}) {
      for (int token = 0; token < tokenizer.vocabularySize(); token++) {
        assertEquals(
            tokenizer.decode(new int[] {token}, false),
            new String(tokenizer.bytes(token), UTF_8),
            "token " + token);
      }
    }
    assertEquals(4096, demo.vocabularySize());
    assertEquals(128, golden.vocabularySize());
  }

  @Test
  void aPartOfACharacterIsShownAsItsBytes() {
    int[] euro = demo.encode("€", false);
    assertTrue(euro.length > 1, "the tokenizer has a token for it");
    assertEquals("bytes:\\xe2", demo.piece(euro[0]).substring(0, 10));
    assertEquals(" the", demo.piece(demo.encode(" the", false)[0]));
  }

  @Test
  void idsBeyondTheVocabularyHaveNoText() {
    assertEquals(0, golden.bytes(128).length);
    assertEquals(0, golden.textBytes(-1).length);
    assertEquals("", golden.piece(99_999));
  }

  @Test
  void sentencePiecesAreSpelledWithUnderscoresAndByteNames() {
    assertArrayEquals(" the".getBytes(UTF_8), PieceSpelling.SENTENCE_PIECE.bytes("▁the"));
    assertArrayEquals(new byte[] {(byte) 0xE4}, PieceSpelling.SENTENCE_PIECE.bytes("<0xE4>"));
    assertArrayEquals("<0xE4".getBytes(UTF_8), PieceSpelling.SENTENCE_PIECE.bytes("<0xE4"));
  }

  @Test
  void aTokenSpelledOutsideTheByteAlphabetIsItsOwnText() {
    assertArrayEquals("<user 1>".getBytes(UTF_8), PieceSpelling.BYTE_LEVEL.bytes("<user 1>"));
  }

  @Test
  void isSharedByThreads() {
    var text = "The quick brown fox jumps over the lazy dog. ".repeat(20);
    var expected = demo.encode(text, true);
    IntStream.range(0, 200)
        .parallel()
        .forEach(_ -> assertArrayEquals(expected, demo.encode(text, true)));
  }

  @Test
  void refusesAModelWithoutATokenizerOrWithAnUnknownDecoder(@TempDir Path directory)
      throws IOException {
    assertThrows(NoSuchFileException.class, () -> Tokenizer.open(directory));
    Files.writeString(
        directory.resolve("tokenizer.json"),
        """
        {"model": {"type": "WordPiece", "vocab": {}}, "decoder": {"type": "WordPiece"}}
        """);
    var refusal = assertThrows(IOException.class, () -> Tokenizer.open(directory));
    assertTrue(String.valueOf(refusal.getMessage()).contains("decoder [WordPiece]"));
  }
}
