package io.moesaic.router.tokenizer;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The text of a sequence of tokens that grows. What it returns is final, so it holds back the
/// first bytes of an unfinished character, and whatever could be the beginning of a stop string:
///
/// ```
///   tokens   |  It costs  |  \xe2\x82  |  \xac5\nUs  |  e it  |      stop string "\nUser"
///   returns     It costs                  €5            \nUse it
/// ```
///
/// Exact for valid text; bytes that are none become U+FFFD. The cost of a token depends on its
/// length alone. Which stop string is found, the first to end and of those the longest, does not
/// depend on where tokens begin. Not safe for concurrent use.
public final class TextStream {
  private final CharsetDecoder decoder =
      UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPLACE)
          .onUnmappableCharacter(CodingErrorAction.REPLACE);

  private final Vocabulary vocabulary;
  private final List<StopString> stops;
  private final TextForm form;

  private int tokens;
  private boolean begins;
  private ByteBuffer unfinishedCharacter = ByteBuffer.allocate(0);

  /// What is held back is the beginning of a stop string: the first `heldBack` characters of it.
  private String heldBackOf = "";

  private int heldBack;

  private @Nullable String found;

  TextStream(Vocabulary vocabulary, TextForm form) {
    this.vocabulary = vocabulary;
    this.form = form;
    stops = form.stopStrings().stream().map(StopString::new).toList();
    begins = form.begins();
  }

  /// The bytes that a token stands for if it comes next.
  public byte[] bytes(int token) {
    return begins ? vocabulary.atBeginning(shown(token)) : shown(token);
  }

  private byte[] shown(int token) {
    return form.specialTokens() ? vocabulary.bytes(token) : vocabulary.text(token);
  }

  /// @return the text that became certain, often empty
  public String append(int token) {
    tokens++;
    var text = release(decode(bytes(token), false));
    begins = begins && shown(token).length == 0;
    return text;
  }

  /// No token follows.
  ///
  /// @return what was held back
  public String finish() {
    var text = release(decode(new byte[0], true));
    return text + release("", heldBack, "", 0);
  }

  /// The stop string that ended the text; what follows it is ignored.
  public @Nullable String stopString() {
    return found;
  }

  private String decode(byte[] bytes, boolean end) {
    var in =
        ByteBuffer.allocate(unfinishedCharacter.remaining() + bytes.length)
            .put(unfinishedCharacter)
            .put(bytes)
            .flip();
    // no byte becomes more than one char
    var out = CharBuffer.allocate(in.remaining());
    decoder.decode(in, out, end);
    unfinishedCharacter = in;
    return out.flip().toString();
  }

  private String release(String text) {
    if (found != null) {
      return "";
    }
    if (stops.isEmpty() || tokens <= form.minTokens()) {
      return text;
    }
    for (int i = 0; i < text.length(); i++) {
      found = stopStringEndingWith(text.charAt(i));
      if (found != null) {
        return release(text, heldBack + i + 1 - found.length(), found, 0);
      }
    }
    var possible = Collections.max(stops, Comparator.comparingInt(StopString::matched));
    int length = heldBack + text.length() - possible.matched();
    return release(text, length, possible.string(), possible.matched());
  }

  /// @return the first `length` characters of what was held back, followed by the text
  private String release(String text, int length, String nextHeldBackOf, int nextHeldBack) {
    var released =
        length <= heldBack
            ? heldBackOf.substring(0, length)
            : heldBackOf.substring(0, heldBack) + text.substring(0, length - heldBack);
    heldBackOf = nextHeldBackOf;
    heldBack = nextHeldBack;
    return released;
  }

  private @Nullable String stopStringEndingWith(char c) {
    String longest = null;
    for (var stop : stops) {
      if (stop.endsAfter(c) && (longest == null || stop.string().length() > longest.length())) {
        longest = stop.string();
      }
    }
    return longest;
  }
}
