package io.moesaic.router.tokenizer;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.regex.Pattern;

/// How `tokenizer.json` spells the bytes of a token.
enum PieceSpelling {
  /// Every byte is one printable character, as GPT-2 began it: a blank is `Ġ`.
  BYTE_LEVEL {
    @Override
    byte[] bytes(String piece) {
      var bytes = new ByteArrayOutputStream(piece.length());
      for (int i = 0; i < piece.length(); i++) {
        var c = piece.charAt(i);
        if (c >= BYTE_OF.length || BYTE_OF[c] < 0) {
          // an added token such as <|user 1|> is spelled as it is
          return piece.getBytes(UTF_8);
        }
        bytes.write(BYTE_OF[c]);
      }
      return bytes.toByteArray();
    }
  },

  /// Text, in which `▁` is a blank, and `<0xE4>` is a byte.
  SENTENCE_PIECE {
    @Override
    byte[] bytes(String piece) {
      return BYTE.matcher(piece).matches()
          ? new byte[] {(byte) HexFormat.fromHexDigits(piece, 3, 5)}
          : piece.replace('▁', ' ').getBytes(UTF_8);
    }

    /// Words are spelled with the blank before them, also the first, where there is none.
    @Override
    byte[] atBeginning(byte[] bytes) {
      return bytes.length > 0 && bytes[0] == ' '
          ? Arrays.copyOfRange(bytes, 1, bytes.length)
          : bytes;
    }
  };

  private static final Pattern BYTE = Pattern.compile("<0x[0-9A-F]{2}>");

  /// The byte of each character of the byte-level alphabet; -1 elsewhere.
  private static final int[] BYTE_OF = new int[0x180];

  static {
    Arrays.fill(BYTE_OF, -1);
    // bytes that Latin-1 cannot print, in their order, are the characters from 0x100 on
    int next = 0x100;
    for (int b = 0; b < 0x100; b++) {
      boolean printable = (b > ' ' && b <= '~') || (b >= 0xA1 && b != 0xAD);
      BYTE_OF[printable ? b : next++] = b;
    }
  }

  abstract byte[] bytes(String piece);

  /// What is left of a token's bytes where a text begins with it.
  byte[] atBeginning(byte[] bytes) {
    return bytes;
  }
}
