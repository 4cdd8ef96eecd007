package io.moesaic.router.engine;

import io.moesaic.router.capacity.PlacesTaken;
import io.moesaic.router.engine.Generator.Generation;
import io.moesaic.router.sampling.TokenCounts;
import io.moesaic.router.sampling.TokenScore;
import io.moesaic.router.trunk.KvSequence;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A text and how far it has come. Everything but [#cancel] is for the engine's thread.
///
/// ```
///   tokens   | prompt .......................... | generated ....... |
///            0            computed ^               ^ prompt.length   ^ length
/// ```
/// Keys and values of the first `computed` tokens are in the cache. When all are computed, the next
/// token is chosen.
final class Sequence implements Generation {
  private final Cohort cohort;
  private final GenerationRequest request;
  private final GenerationListener listener;
  private final TokenCounts counts;
  private final PlacesTaken placesTaken = new PlacesTaken();
  private final List<TokenScore> promptScores = new ArrayList<>();
  private int[] tokens;
  private int length;
  private int computed;
  private @Nullable KvSequence cache;
  private boolean ended;
  private volatile boolean cancelled;

  Sequence(Cohort cohort, GenerationRequest request, GenerationListener listener) {
    this.cohort = cohort;
    this.request = request;
    this.listener = listener;
    counts = new TokenCounts(request.prompt());
    tokens = request.prompt().clone();
    length = tokens.length;
    promptScores.add(TokenScore.unscored(tokens[0]));
  }

  @Override
  public void cancel() {
    cancelled = true;
  }

  boolean cancelled() {
    return cancelled;
  }

  Cohort cohort() {
    return cohort;
  }

  GenerationRequest request() {
    return request;
  }

  GenerationListener listener() {
    return listener;
  }

  TokenCounts counts() {
    return counts;
  }

  /// What its computed tokens have taken of capacities that count whole sequences.
  PlacesTaken placesTaken() {
    return placesTaken;
  }

  /// Positions that the sequence may come to occupy. The last token is never fed back.
  int maxPositions() {
    long positions = (long) request.prompt().length + Math.max(0, request.maxTokens() - 1);
    return (int) Math.min(positions, Integer.MAX_VALUE);
  }

  void admitted(KvSequence cache) {
    this.cache = cache;
  }

  KvSequence cache() {
    if (cache == null) {
      throw new IllegalStateException("the sequence has not been admitted");
    }
    return cache;
  }

  /// Frees its memory.
  void end() {
    ended = true;
    if (cache != null) {
      cache.close();
      cache = null;
    }
  }

  boolean ended() {
    return ended;
  }

  /// Admitted, and not ended.
  boolean running() {
    return cache != null;
  }

  int length() {
    return length;
  }

  int token(int position) {
    return tokens[position];
  }

  int computed() {
    return computed;
  }

  /// Tokens that are yet to be computed.
  int pending() {
    return length - computed;
  }

  int generated() {
    return length - request.prompt().length;
  }

  void advance(int count) {
    computed += count;
  }

  void append(int token) {
    if (length == tokens.length) {
      tokens = Arrays.copyOf(tokens, Math.max(16, 2 * length));
    }
    tokens[length++] = token;
    counts.add(token);
  }

  /// Scores of the prompt's tokens so far; the first has none.
  List<TokenScore> promptScores() {
    return promptScores;
  }
}
