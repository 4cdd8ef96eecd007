package io.moesaic.router.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A tokenizer as T5 has it: words with the blanks before them, an end after every prompt, and
/// marks for words that are to be guessed.
class SentencePieceTest {
  private static final int END = 1;
  private static final int A = 4;
  private static final int MAN = 5;
  private static final int WALKS = 6;
  private static final int FIRST_MARK = 7;
  private static final int SECOND_MARK = 8;

  @TempDir Path directory;
  private Tokenizer tokenizer;

  @BeforeEach
  void open() throws IOException {
    Files.writeString(
        directory.resolve("tokenizer.json"),
        """
        {"version": "1.0",
         "added_tokens": [
           {"id": 0, "content": "<pad>", "special": true, "single_word": false, "lstrip": false,
            "rstrip": false, "normalized": false},
           {"id": 1, "content": "</s>", "special": true, "single_word": false, "lstrip": false,
            "rstrip": false, "normalized": false},
           {"id": 7, "content": "<extra_id_0>", "special": true, "single_word": false,
            "lstrip": false, "rstrip": false, "normalized": false},
           {"id": 8, "content": "<extra_id_1>", "special": true, "single_word": false,
            "lstrip": false, "rstrip": false, "normalized": false}],
         "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
           {"type": "WhitespaceSplit"},
           {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"}]},
         "post_processor": {"type": "TemplateProcessing",
           "single": [{"Sequence": {"id": "A", "type_id": 0}},
                      {"SpecialToken": {"id": "</s>", "type_id": 0}}],
           "pair": [{"Sequence": {"id": "A", "type_id": 0}}],
           "special_tokens": {"</s>": {"id": "</s>", "ids": [1], "tokens": ["</s>"]}}},
         "decoder": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"},
         "model": {"type": "Unigram", "unk_id": 2, "vocab": [
           ["<pad>", 0], ["</s>", 0], ["<unk>", 0], ["▁", -2], ["▁a", -3], ["▁man", -4],
           ["▁walks", -5], ["<extra_id_0>", 0], ["<extra_id_1>", 0]]}}
        """);
    tokenizer = Tokenizer.open(directory);
  }

  @AfterEach
  void close() {
    tokenizer.close();
  }

  @Test
  void anEndIsPutAfterAPrompt() {
    assertArrayEquals(
        new int[] {A, FIRST_MARK, WALKS, END}, tokenizer.encode("a <extra_id_0> walks", true));
  }

  @Test
  void aTextThatBeginsHasNoBlankBeforeItsFirstWord() {
    assertText("a man walks", false, A, MAN, WALKS);
    assertText("man walks", false, FIRST_MARK, MAN, SECOND_MARK, WALKS);
  }

  @Test
  void marksAreTextForThoseWhoAskForThem() {
    assertText("man<extra_id_1> walks", true, MAN, SECOND_MARK, WALKS);
    assertText("<extra_id_0> man<extra_id_1> walks", true, FIRST_MARK, MAN, SECOND_MARK, WALKS);
  }

  /// As the library decodes all at once.
  private void assertText(String text, boolean specialTokens, int... tokens) {
    assertEquals(text, tokenizer.decode(tokens, !specialTokens));
    var stream = tokenizer.textStream(new TextForm(List.of(), 0, specialTokens, true));
    var pieces = Arrays.stream(tokens).mapToObj(stream::append).toList();
    assertEquals(text, String.join("", pieces) + stream.finish());
  }

  @Test
  void aTextThatContinuesAnotherKeepsTheBlank() {
    assertEquals(" man", tokenizer.textStream(TextForm.PLAIN).append(MAN));
  }
}
