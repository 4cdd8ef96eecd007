package io.moesaic.deploy.tune;

import io.moesaic.router.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// A text that a model was not trained on, cut into windows of equally many tokens. What is left
/// over at the end is not used.
///
/// @param name of the file, without its ending
/// @param windows at least one
record HeldOutText(String name, List<int[]> windows) {
  /// @param window tokens of a window
  /// @param tokens most to use
  static HeldOutText read(Path file, Tokenizer tokenizer, int window, int tokens)
      throws IOException {
    var ids = tokenizer.encode(text(file), false);
    if (ids.length < window) {
      throw new IllegalArgumentException(
          "%s has %d tokens, too few for one window of %d: take a longer text or a smaller window"
              .formatted(file, ids.length, window));
    }
    List<int[]> windows = new ArrayList<>();
    for (int from = 0; from + window <= Math.min(tokens, ids.length); from += window) {
      windows.add(Arrays.copyOfRange(ids, from, from + window));
    }
    return new HeldOutText(name(file), List.copyOf(windows));
  }

  private static String text(Path file) throws IOException {
    try {
      return Files.readString(file);
    } catch (CharacterCodingException e) {
      throw new IOException(file + " is not text in UTF-8", e);
    }
  }

  private static String name(Path file) {
    var name = String.valueOf(file.getFileName());
    int dot = name.lastIndexOf('.');
    return dot > 0 ? name.substring(0, dot) : name;
  }

  int tokens() {
    return windows.stream().mapToInt(window -> window.length).sum();
  }
}
