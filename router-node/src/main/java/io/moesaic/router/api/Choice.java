package io.moesaic.router.api;

import io.moesaic.router.capacity.MoeTotals;
import io.moesaic.router.engine.FinishReason;
import io.moesaic.router.sampling.TokenScore;
import io.moesaic.router.tokenizer.TextStream;
import io.moesaic.router.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One text of a request while it grows. What has been added since the last time is taken as a
/// [Delta]: by each chunk of a stream, or once by a whole answer. Belongs to one event loop.
final class Choice {
  private final int index;
  private final Prompt prompt;
  private final Tokenizer tokenizer;
  private final TextStream stream;

  private final StringBuilder text = new StringBuilder();
  private final List<PlacedToken> echoed = new ArrayList<>();
  private final List<PlacedToken> tokens = new ArrayList<>();
  private final List<int[]> routedExperts = new ArrayList<>();
  private MoeTotals moeTotals = MoeTotals.NONE;
  private boolean started;
  private int textCharacters;
  private int generatedTokens;
  private @Nullable FinishReason finishReason;

  Choice(int index, TextRequest request, Tokenizer tokenizer) {
    this.index = index;
    this.prompt = request.prompt(index);
    this.tokenizer = tokenizer;
    stream = tokenizer.textStream(request.form());
    if (request.echo()) {
      text.append(prompt.text(tokenizer));
    }
  }

  /// A token and where its text begins.
  ///
  /// @param textOffset characters of the choice's text before it
  record PlacedToken(TokenScore score, int textOffset) {}

  /// What is new.
  ///
  /// @param first whether nothing was taken before
  /// @param echoed scored tokens of the prompt
  /// @param tokens that the text came from; a token whose text is held back comes with that text
  record Delta(boolean first, String text, List<PlacedToken> echoed, List<PlacedToken> tokens) {}

  void routed(MoeTotals totals, List<int[]> experts) {
    moeTotals = moeTotals.plus(totals);
    routedExperts.addAll(experts);
  }

  void promptScored(List<TokenScore> scores) {
    scores.forEach(score -> echoed.add(place(score, tokenizer.textBytes(score.token()))));
    // counted in the tokens, the prompt's length may differ from that of the text that is echoed
    textCharacters = text.codePointCount(0, text.length());
  }

  void generated(TokenScore score) {
    generatedTokens++;
    tokens.add(place(score, stream.bytes(score.token())));
    text.append(stream.append(score.token()));
    if (stream.stopString() != null) {
      finishReason = FinishReason.STOP;
    }
  }

  void finished(FinishReason reason) {
    text.append(stream.finish());
    // held back to the end, the text's last characters may have been a stop string after all
    finishReason = stream.stopString() == null ? reason : FinishReason.STOP;
  }

  /// What became of the expert choices so far, if the request asked for it.
  MoeTotals moeTotals() {
    return moeTotals;
  }

  /// The experts of each position so far, if the request asked for them.
  List<int[]> routedExperts() {
    return routedExperts;
  }

  boolean hasText() {
    return !text.isEmpty();
  }

  Delta take() {
    var delta = new Delta(!started, text.toString(), List.copyOf(echoed), List.copyOf(tokens));
    started = true;
    text.setLength(0);
    echoed.clear();
    tokens.clear();
    return delta;
  }

  int index() {
    return index;
  }

  Prompt prompt() {
    return prompt;
  }

  int generatedTokens() {
    return generatedTokens;
  }

  /// Absent while the text grows.
  @Nullable FinishReason finishReason() {
    return finishReason;
  }

  @Nullable String stopString() {
    return stream.stopString();
  }

  private PlacedToken place(TokenScore score, byte[] bytes) {
    int offset = textCharacters;
    if (bytes.length > 0 && continuesCharacter(bytes[0]) && offset > 0) {
      // the token begins inside the character before
      offset--;
    }
    for (byte b : bytes) {
      textCharacters += continuesCharacter(b) ? 0 : 1;
    }
    return new PlacedToken(score, offset);
  }

  private static boolean continuesCharacter(byte utf8) {
    return (utf8 & 0xC0) == 0x80;
  }
}
