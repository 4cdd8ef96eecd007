package io.moesaic.router.api;

import io.moesaic.router.capacity.MoeTotals;
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

  /// How many texts of a request fit at all.
  volatile int together = Integer.MAX_VALUE;

  /// Released, it lets texts grow beyond their first tokens.
  volatile CountDownLatch gate = new CountDownLatch(0);

  volatile int tokensBeforeGate;

  /// What a token takes; 0 is as fast as possible.
  volatile long pauseNanos;

  private final ExecutorService engine = Executors.newSingleThreadExecutor();

  @Override
  public List<Generation> submit(
      List<GenerationRequest> texts, List<? extends GenerationListener> listeners)
      throws QueueFullException {
    if (texts.size() > together) {
      throw new IllegalArgumentException(
          "%d texts are too many for %d".formatted(texts.size(), together));
    }
    if (requests.size() + texts.size() > capacity) {
      throw new QueueFullException(requests.size(), texts.size(), capacity, 250);
    }
    return IntStream.range(0, texts.size())
        .mapToObj(i -> submit(texts.get(i), listeners.get(i)))
        .toList();
  }

  private Generation submit(GenerationRequest request, GenerationListener listener) {
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
    route(request, listener, 0, request.prompt().length);
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
      if (i > 0) {
        route(request, listener, request.prompt().length + i - 1, 1);
      }
      listener.generated(score(token, alternatives));
      emitted.incrementAndGet();
    }
    stopped.set(true);
    listener.finished(FinishReason.LENGTH);
  }

  /// Tells of positions in 2 layers with 2 experts each, of which position 1 loses the last.
  private static void route(
      GenerationRequest request, GenerationListener listener, int from, int count) {
    var moe = request.moe();
    if (moe.totals() || moe.routedExperts()) {
      int dropped = from <= 1 && from + count > 1 ? 1 : 0;
      listener.routed(
          new MoeTotals(4L * count, 4L * count - dropped, dropped, 0),
          moe.routedExperts()
              ? IntStream.range(from, from + count).mapToObj(FakeGenerator::experts).toList()
              : List.of());
    }
  }

  static int[] experts(int position) {
    return new int[] {position, position + 1, position + 2, position == 1 ? -1 : position + 3};
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
