package io.moesaic.router.api;

import io.moesaic.router.capacity.MoeTotals;
import io.moesaic.router.engine.FinishReason;
import io.moesaic.router.engine.GenerationFailure;
import io.moesaic.router.engine.GenerationListener;
import io.moesaic.router.engine.GenerationRequest;
import io.moesaic.router.engine.Generator;
import io.moesaic.router.engine.Generator.Generation;
import io.moesaic.router.engine.QueueFullException;
import io.moesaic.router.sampling.TokenScore;
import io.vertx.core.Context;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One request for texts, from the engine to its client. The engine tells of tokens on its own
/// thread; everything here happens on the event loop of the client's connection. Bounded by the
/// length of the texts, and [EventStream] bounds what clients leave unread.
final class TextExchange {
  private static final Logger log = LoggerFactory.getLogger(TextExchange.class);

  private final Context eventLoop;
  private final List<Choice> choices;
  private final Answer answer;
  private List<Generation> generations = List.of();
  private int growing;
  private boolean over;

  TextExchange(Context eventLoop, List<Choice> choices, Answer answer) {
    this.eventLoop = eventLoop;
    this.choices = choices;
    this.answer = answer;
    growing = choices.size();
  }

  /// Asks the engine for all texts, or for none.
  void start(Generator generator, List<GenerationRequest> requests) {
    answer.onClientLost(this::abandon);
    try {
      generations =
          generator.submit(
              requests, IntStream.range(0, choices.size()).mapToObj(Listener::new).toList());
    } catch (QueueFullException e) {
      fail(ApiError.queueFull(String.valueOf(e.getMessage()), e.retryAfterMillis()));
    } catch (IllegalArgumentException e) {
      fail(ApiError.invalid(null, String.valueOf(e.getMessage())));
    } catch (RuntimeException e) {
      log.error("The engine refused a request", e);
      fail(ApiError.internal());
    }
  }

  private void abandon() {
    over = true;
    generations.forEach(Generation::cancel);
  }

  private void fail(ApiError error) {
    abandon();
    answer.failed(error);
  }

  private void advanced(int index) {
    var choice = choices.get(index);
    answer.progressed(choice);
    if (choice.finishReason() != null) {
      growing--;
      if (growing == 0) {
        over = true;
        answer.completed();
      }
    }
  }

  /// Hands over from the engine's thread.
  private final class Listener implements GenerationListener {
    private final int index;

    Listener(int index) {
      this.index = index;
    }

    @Override
    public void routed(MoeTotals totals, List<int[]> experts) {
      onEventLoop(choice -> choice.routed(totals, experts));
    }

    @Override
    public void promptScored(List<TokenScore> tokens) {
      onEventLoop(choice -> choice.promptScored(tokens));
    }

    @Override
    public void generated(TokenScore token) {
      onEventLoop(
          choice -> {
            choice.generated(token);
            if (choice.finishReason() != null) {
              // at a stop string, of which the engine knows nothing
              generations.get(index).cancel();
            }
            advanced(index);
          });
    }

    @Override
    public void finished(FinishReason reason) {
      onEventLoop(
          choice -> {
            choice.finished(reason);
            advanced(index);
          });
    }

    @Override
    public void failed(GenerationFailure failure) {
      onEventLoop(_ -> fail(ApiError.of(failure)));
    }

    private void onEventLoop(Consumer<Choice> event) {
      eventLoop.runOnContext(
          _ -> {
            var choice = choices.get(index);
            if (over || choice.finishReason() != null) {
              return;
            }
            try {
              event.accept(choice);
            } catch (RuntimeException e) {
              log.error("An answer could not be written", e);
              fail(ApiError.internal());
            }
          });
    }
  }
}
