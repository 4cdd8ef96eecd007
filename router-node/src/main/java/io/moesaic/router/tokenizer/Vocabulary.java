package io.moesaic.router.tokenizer;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HexFormat;
import java.util.List;

/// The bytes that each token stands for, read from `tokenizer.json`. A token may be a part of a
/// character only, which is why this speaks of bytes and not of text.
final class Vocabulary {
  private static final byte[] NOTHING = new byte[0];

  private final PieceSpelling spelling;
  private final byte[][] bytes;
  private final BitSet special = new BitSet();

  private Vocabulary(PieceSpelling spelling, int size) {
    this.spelling = spelling;
    bytes = new byte[size][];
  }

  /// @throws IOException when the file cannot be read, or its tokens are spelled in an unknown way
  static Vocabulary read(Path tokenizerJson) throws IOException {
    var root = new ObjectMapper().readTree(tokenizerJson.toFile());
    var spelling = spelling(tokenizerJson, root.path("decoder"));
    var entries = entries(root);
    var size = 1 + entries.stream().mapToInt(Entry::id).max().orElse(-1);
    var vocabulary = new Vocabulary(spelling, size);
    for (var entry : entries) {
      vocabulary.bytes[entry.id] = spelling.bytes(entry.piece);
      vocabulary.special.set(entry.id, entry.special);
    }
    return vocabulary;
  }

  int size() {
    return bytes.length;
  }

  /// Nothing for an id without a token: models pad their vocabulary.
  byte[] bytes(int token) {
    return token >= 0 && token < bytes.length && bytes[token] != null ? bytes[token] : NOTHING;
  }

  /// The same, but nothing for special tokens, which are no part of a text.
  byte[] text(int token) {
    return token >= 0 && special.get(token) ? NOTHING : bytes(token);
  }

  /// What is left of a token's bytes where a text begins with it.
  byte[] atBeginning(byte[] bytes) {
    return spelling.atBeginning(bytes);
  }

  /// A token for people: its text, or `bytes:\xe2\x82` if it is only a part of a character.
  String piece(int token) {
    var piece = bytes(token);
    try {
      return UTF_8.newDecoder().decode(ByteBuffer.wrap(piece)).toString();
    } catch (CharacterCodingException _) {
      return "bytes:" + HexFormat.of().withPrefix("\\x").formatHex(piece);
    }
  }

  private record Entry(int id, String piece, boolean special) {}

  private static List<Entry> entries(JsonNode root) {
    var entries = new ArrayList<Entry>();
    var pieces = root.path("model").path("vocab");
    if (pieces.isArray()) {
      // a unigram model: [piece, score] in the order of the ids
      for (var piece : pieces) {
        entries.add(new Entry(entries.size(), piece.path(0).asText(), false));
      }
    } else {
      pieces
          .properties()
          .forEach(
              piece -> entries.add(new Entry(piece.getValue().asInt(), piece.getKey(), false)));
    }
    for (var token : root.path("added_tokens")) {
      entries.add(
          new Entry(
              token.path("id").asInt(),
              token.path("content").asText(),
              token.path("special").asBoolean()));
    }
    return entries;
  }

  private static PieceSpelling spelling(Path file, JsonNode decoder) throws IOException {
    var types = decoder.findValuesAsText("type");
    if (types.contains("ByteLevel")) {
      return PieceSpelling.BYTE_LEVEL;
    }
    if (types.contains("ByteFallback") || types.contains("Metaspace")) {
      return PieceSpelling.SENTENCE_PIECE;
    }
    throw new IOException(
        "%s has decoder %s; ByteLevel, ByteFallback and Metaspace are supported"
            .formatted(file.getFileName(), types));
  }
}
