package io.moesaic.router.tokenizer;

import java.util.List;

/// How tokens become a text.
///
/// @param stopStrings end a text, and are no part of it
/// @param minTokens the text of so many tokens is not searched for them
/// @param specialTokens whether special tokens have text
/// @param begins whether a text begins with its first token, as that of an encoder-decoder, and
///     does not continue another: a blank that SentencePiece spells there is not meant
public record TextForm(
    List<String> stopStrings, int minTokens, boolean specialTokens, boolean begins) {
  /// Text that continues another one, without special tokens.
  public static final TextForm PLAIN = new TextForm(List.of(), 0, false, false);

  public TextForm {
    stopStrings = List.copyOf(stopStrings);
  }

  /// The same, but it ends before the first of some strings.
  public TextForm until(List<String> stopStrings, int minTokens) {
    return new TextForm(stopStrings, minTokens, specialTokens, begins);
  }
}
