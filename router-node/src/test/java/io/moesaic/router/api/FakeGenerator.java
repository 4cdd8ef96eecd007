package io.moesaic.router.api;

import io.moesaic.router.engine.FinishReason;
import io.moesaic.router.engine.GenerationFailure;
import io.moesaic.router.engine.GenerationListener;
import io.moesaic.router.engine.GenerationRequest;
import io.moesaic.router.engine.Generator;
import io.moesaic.router.engine.QueueFullException;
import io.moesaic.router.sampling.TokenScore;
import io.moesaic.router.sampling.TokenScore.Alternative;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// An engine that writes what a test tells it to, on a thread of its own. Token `t` has logprob
/// `-t/8`; of its alternatives, the best is `t` itself, then `t + 1` with one less, and so on.
final class FakeGenerator implements Generator, AutoCloseable {
  final List<GenerationRequest> requests = new CopyOnWriteArrayList<>();
  final AtomicInteger cancelled = new AtomicInteger();
  final AtomicInteger emitted = new AtomicInteger();

  /// What every text is, before it ends with [FinishReason#STOP]. Empty texts never end.
  volatile int[] script = {};

  volatile @Nullable GenerationFailure failure;
  volatile int tokensBeforeFailure;

  /// How many requests fit; more find the queue full.
  volatile int capacity = Integer.MAX_VALUE;

  /// Released, it lets texts grow beyond their first tokens.
  volatile CountDownLatch gate = new CountDownLatch(0);

  volatile int tokensBeforeGate;

  /// What a token takes; 0 is as fast as possible.
  volatile long pauseNanos;

  private final ExecutorService engine = Executors.newSingleThreadExecutor();

  @Override
  public Generation submit(GenerationRequest request, GenerationListener listener)
      throws QueueFullException {
    if (requests.size() >= capacity) {
      throw new QueueFullException(requests.size(), capacity, 250);
    }
    requests.add(request);
    var stopped = new AtomicBoolean();
    engine.execute(() -> generate(request, listener, stopped));
    return () -> {
      if (!stopped.getAndSet(true)) {
        cancelled.incrementAndGet();
      }
    };
  }

  private void generate(
      GenerationRequest request, GenerationListener listener, AtomicBoolean stopped) {
    int alternatives = request.sampling().logprobs();
    if (request.scorePrompt()) {
      listener.promptScored(promptScores(request.prompt(), alternatives));
    }
    var text = script;
    for (int i = 0; i < request.maxTokens(); i++) {
      var broken = failure;
      if (broken != null && i == tokensBeforeFailure) {
        stopped.set(true);
        listener.failed(broken);
        return;
      }
      if (text.length > 0 && i == text.length) {
        stopped.set(true);
        listener.finished(FinishReason.STOP);
        return;
      }
      if (i == tokensBeforeGate) {
        awaitGate();
      }
      if (pauseNanos > 0) {
        LockSupport.parkNanos(pauseNanos);
      }
      if (stopped.get()) {
        return;
      }
      int token = text.length > 0 ? text[i] : 68 + i % 26;
      listener.generated(score(token, alternatives));
      emitted.incrementAndGet();
    }
    stopped.set(true);
    listener.finished(FinishReason.LENGTH);
  }

  private void awaitGate() {
    try {
      gate.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static List<TokenScore> promptScores(int[] prompt, int alternatives) {
    return IntStream.range(0, prompt.length)
        .mapToObj(i -> i == 0 ? TokenScore.unscored(prompt[0]) : score(prompt[i], alternatives))
        .toList();
  }

  static TokenScore score(int token, int alternatives) {
    if (alternatives < 0) {
      return TokenScore.unscored(token);
    }
    var top =
        IntStream.range(0, alternatives)
            .mapToObj(i -> new Alternative(token + i, -token / 8f - i))
            .toList();
    return new TokenScore(token, -token / 8f, top);
  }

  @Override
  public void close() {
    gate.countDown();
    engine.shutdownNow();
  }
}
