package io.moesaic.deploy.system;

import io.moesaic.router.capacity.MoeTotals;
import io.moesaic.router.engine.FinishReason;
import io.moesaic.router.engine.GenerationFailure;
import io.moesaic.router.engine.GenerationListener;
import io.moesaic.router.sampling.TokenScore;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// Who asked an engine for a text.
final class Listener implements GenerationListener {
  private static final long PATIENCE_SECONDS = 120;

  private final List<TokenScore> text = new ArrayList<>();
  private final CompletableFuture<Told> end = new CompletableFuture<>();
  private MoeTotals totals = MoeTotals.NONE;

  /// All that was told: equal ones have the same bits.
  record Told(List<TokenScore> text, MoeTotals totals) {}

  Told await() throws Exception {
    return end.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  @Override
  public void routed(MoeTotals more, List<int[]> experts) {
    totals = totals.plus(more);
  }

  @Override
  public void promptScored(List<TokenScore> tokens) {}

  @Override
  public void generated(TokenScore token) {
    text.add(token);
  }

  @Override
  public void finished(FinishReason reason) {
    end.complete(new Told(List.copyOf(text), totals));
  }

  @Override
  public void failed(GenerationFailure failure) {
    end.completeExceptionally(new AssertionError(failure.toString()));
  }
}
