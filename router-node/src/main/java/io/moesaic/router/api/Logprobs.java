package io.moesaic.router.api;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moesaic.router.api.Choice.PlacedToken;
import io.moesaic.router.sampling.TokenScore;
import io.moesaic.router.tokenizer.Tokenizer;
import java.util.List;

/// How likely tokens were, in the two forms of OpenAI's API.
final class Logprobs {
  /// JSON has no infinity; this is what others write for a probability of 0.
  private static final float LOWEST = -9_999;

  private final Tokenizer tokenizer;

  Logprobs(Tokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  /// For completions: four arrays with an element for each token. A prompt's first token, which
  /// nothing came before, has null for its scores.
  ObjectNode ofCompletion(List<PlacedToken> echoed, List<PlacedToken> tokens) {
    var json = Json.object();
    var pieces = json.putArray("tokens");
    var logprobs = json.putArray("token_logprobs");
    var tops = json.putArray("top_logprobs");
    var offsets = json.putArray("text_offset");
    for (var part : List.of(echoed, tokens)) {
      for (var token : part) {
        var score = token.score();
        pieces.add(tokenizer.piece(score.token()));
        offsets.add(token.textOffset());
        if (Float.isNaN(score.logprob())) {
          logprobs.addNull();
          tops.addNull();
        } else {
          logprobs.add(finite(score.logprob()));
          tops.add(top(score));
        }
      }
    }
    return json;
  }

  /// The alternatives by their text, the token itself among them.
  private ObjectNode top(TokenScore score) {
    var top = Json.object();
    for (var alternative : score.top()) {
      var piece = tokenizer.piece(alternative.token());
      // of several tokens with one spelling, the first is the most likely
      if (!top.has(piece)) {
        top.put(piece, finite(alternative.logprob()));
      }
    }
    var piece = tokenizer.piece(score.token());
    if (!top.has(piece)) {
      top.put(piece, finite(score.logprob()));
    }
    return top;
  }

  /// For chats: an object for each token.
  ObjectNode ofChat(List<PlacedToken> tokens) {
    var json = Json.object();
    var content = json.putArray("content");
    for (var token : tokens) {
      var score = token.score();
      var entry = content.addObject();
      describe(entry, score.token(), score.logprob());
      var top = entry.putArray("top_logprobs");
      score.top().forEach(other -> describe(top.addObject(), other.token(), other.logprob()));
    }
    return json;
  }

  private void describe(ObjectNode entry, int token, float logprob) {
    entry.put("token", tokenizer.piece(token)).put("logprob", finite(logprob));
    var bytes = entry.putArray("bytes");
    for (byte b : tokenizer.bytes(token)) {
      bytes.add(Byte.toUnsignedInt(b));
    }
  }

  private static float finite(float logprob) {
    return logprob >= LOWEST ? logprob : LOWEST;
  }
}
