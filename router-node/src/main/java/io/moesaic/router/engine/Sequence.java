package io.moesaic.router.engine;

import io.moesaic.router.capacity.PlacesTaken;
import io.moesaic.router.engine.Generator.Generation;
import io.moesaic.router.sampling.TokenCounts;
import io.moesaic.router.sampling.TokenScore;
import io.moesaic.router.trunk.KvPool;
import io.moesaic.router.trunk.KvSequence;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/// A text and how far it has come. Everything but [#cancel] is for the engine's thread.
///
/// ```
///   tokens   | prompt ...................... | start | generated ....... |
///            0            computed ^         ^ encoded ^ given           ^ length
/// ```
/// Keys and values of the first `computed` tokens are in the cache. When all are computed, the next
/// token is chosen. The start is a token that texts begin with when their prompts are encoded apart
/// from them; there is none when they continue their prompts, and nothing is encoded.
final class Sequence implements Generation {
  private final Cohort cohort;
  private final GenerationRequest request;
  private final GenerationListener listener;
  private final TokenCounts counts;
  private final PlacesTaken placesTaken = new PlacesTaken();
  private final List<TokenScore> promptScores = new ArrayList<>();
  private final int encoded;
  private final int given;
  private int[] tokens;
  private int length;
  private int computed;
  private @Nullable KvSequence cache;
  private boolean ended;
  private volatile boolean cancelled;

  /// @param start the token that texts begin with when their prompts are encoded apart from them
  Sequence(
      Cohort cohort, GenerationRequest request, GenerationListener listener, OptionalInt start) {
    this.cohort = cohort;
    this.request = request;
    this.listener = listener;
    int prompt = request.prompt().length;
    tokens = Arrays.copyOf(request.prompt(), prompt + (start.isPresent() ? 1 : 0));
    start.ifPresent(token -> tokens[prompt] = token);
    encoded = start.isPresent() ? prompt : 0;
    given = tokens.length;
    length = given;
    counts = new TokenCounts(Arrays.copyOfRange(tokens, encoded, given));
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
    long positions = (long) given + Math.max(0, request.maxTokens() - 1);
    return (int) Math.min(positions, Integer.MAX_VALUE);
  }

  /// Tokens of a prompt that is encoded apart from its text; 0 when the text continues it.
  int encoded() {
    return encoded;
  }

  /// Whether the next thing to do is to encode the prompt, all of it in one step.
  boolean encodes() {
    return computed < encoded;
  }

  /// Blocks of memory that the sequence may come to occupy.
  int blocks() {
    return KvPool.blocksFor(encoded) + KvPool.blocksFor(maxPositions() - encoded);
  }

  void admit(KvPool pool) {
    cache = pool.allocate(encoded, maxPositions() - encoded);
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
    return length - given;
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
