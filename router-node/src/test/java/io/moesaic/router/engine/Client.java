package io.moesaic.router.engine;

import io.moesaic.router.capacity.MoeTotals;
import io.moesaic.router.sampling.TokenScore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// Who asked for a text, and all that it was told.
class Client implements GenerationListener {
  private static final long PATIENCE_SECONDS = 30;

  private final List<TokenScore> prompt = new ArrayList<>();
  private final List<TokenScore> text = new ArrayList<>();
  private final List<List<Integer>> experts = new ArrayList<>();
  private MoeTotals moe = MoeTotals.NONE;
  private final CompletableFuture<Told> end = new CompletableFuture<>();

  /// A whole answer: equal ones have the same bits.
  ///
  /// @param prompt scores of the prompt's tokens, if they were asked for
  /// @param moe what became of its expert choices, if that was asked for
  /// @param experts of each position, if they were asked for
  /// @param end a [FinishReason] or a [GenerationFailure]
  record Told(
      List<TokenScore> prompt,
      List<TokenScore> text,
      MoeTotals moe,
      List<List<Integer>> experts,
      Object end) {
    List<Integer> tokens() {
      return text.stream().map(TokenScore::token).toList();
    }

    GenerationFailure failure() {
      return (GenerationFailure) end;
    }
  }

  @Override
  public void routed(MoeTotals totals, List<int[]> positions) {
    moe = moe.plus(totals);
    positions.forEach(position -> experts.add(Arrays.stream(position).boxed().toList()));
  }

  @Override
  public void promptScored(List<TokenScore> tokens) {
    if (!prompt.isEmpty() || !text.isEmpty()) {
      throw new IllegalStateException("scores of the prompt come first, and once");
    }
    prompt.addAll(tokens);
  }

  @Override
  public void generated(TokenScore token) {
    if (end.isDone()) {
      throw new IllegalStateException("a token came after the end");
    }
    text.add(token);
  }

  @Override
  public void finished(FinishReason reason) {
    ended(reason);
  }

  @Override
  public void failed(GenerationFailure failure) {
    ended(failure);
  }

  private void ended(Object how) {
    var told = new Told(List.copyOf(prompt), List.copyOf(text), moe, List.copyOf(experts), how);
    if (!end.complete(told)) {
      end.obtrudeException(new IllegalStateException("ended twice, then with " + how));
    }
  }

  boolean hasEnded() {
    return end.isDone();
  }

  Told await() throws Exception {
    return end.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }
}
