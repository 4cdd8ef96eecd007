package io.moesaic.router.tokenizer;

/// Finds one string in text that arrives character by character, by Knuth, Morris and Pratt: each
/// character is looked at once, however often the string nearly matches.
final class StopString {
  private final String string;

  /// For each length of a match, the length of the longest shorter match that it ends with.
  private final int[] fallback;

  private int matched;

  StopString(String string) {
    if (string.isEmpty()) {
      throw new IllegalArgumentException("a stop string is empty");
    }
    this.string = string;
    fallback = new int[string.length() + 1];
    for (int length = 2; length <= string.length(); length++) {
      fallback[length] = next(fallback[length - 1], string.charAt(length - 1));
    }
  }

  /// @return whether the text now ends with the string
  boolean endsAfter(char c) {
    matched = next(matched, c);
    return matched == string.length();
  }

  /// How many of the last characters could be the beginning of the string.
  int matched() {
    return matched;
  }

  String string() {
    return string;
  }

  private int next(int length, char c) {
    var candidate = length;
    while (candidate > 0 && string.charAt(candidate) != c) {
      candidate = fallback[candidate];
    }
    return string.charAt(candidate) == c ? candidate + 1 : 0;
  }
}
