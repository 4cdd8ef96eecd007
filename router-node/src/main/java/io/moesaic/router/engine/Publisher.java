package io.moesaic.router.engine;

import io.moesaic.router.capacity.RowTallies;
import io.moesaic.router.engine.StepAssembly.Part;
import io.moesaic.router.sampling.Sampler;
import io.moesaic.router.sampling.TokenScore;
import io.moesaic.tensor.Matrix;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Turns the results of a step into tokens, and tells the listeners of them; of sequences that were
/// cancelled nobody is told. For the engine's thread.
final class Publisher {
  private final Sampler sampler;

  Publisher(Sampler sampler) {
    this.sampler = sampler;
  }

  /// Advances a sequence by what was computed of it.
  ///
  /// @return why it has ended, or null
  @Nullable FinishReason publish(Part part, Matrix logits, RowTallies tallies) {
    var sequence = part.slice().sequence();
    sequence.advance(part.slice().count());
    if (!sequence.cancelled()) {
      tellRouting(part, tallies);
      if (sequence.request().scorePrompt() && sequence.generated() == 0) {
        scorePrompt(part, logits);
      }
    }
    return part.slice().completes() ? next(sequence, logits, part.endLogitRow() - 1) : null;
  }

  private static void tellRouting(Part part, RowTallies tallies) {
    var sequence = part.slice().sequence();
    var asked = sequence.request().moe();
    if (asked.totals() || asked.routedExperts()) {
      List<int[]> experts =
          asked.routedExperts()
              ? IntStream.range(part.firstRow(), part.endRow()).mapToObj(tallies::experts).toList()
              : List.of();
      sequence.listener().routed(tallies.totals(part.firstRow(), part.slice().count()), experts);
    }
  }

  private void scorePrompt(Part part, Matrix logits) {
    var slice = part.slice();
    var sequence = slice.sequence();
    var request = sequence.request();
    for (int i = 0; i < slice.count(); i++) {
      int position = slice.from() + i + 1;
      if (position < request.prompt().length) {
        sequence
            .promptScores()
            .add(
                sampler.score(
                    logits,
                    part.firstLogitRow() + i,
                    sequence.token(position),
                    request.sampling().logprobs()));
      }
    }
    if (slice.completes()) {
      sequence.listener().promptScored(List.copyOf(sequence.promptScores()));
    }
  }

  /// Chooses the next token.
  private @Nullable FinishReason next(Sequence sequence, Matrix logits, int row) {
    var request = sequence.request();
    if (request.maxTokens() == 0) {
      return FinishReason.LENGTH;
    }
    var forbidden =
        sequence.generated() < request.minTokens() ? request.stopTokens() : Set.<Integer>of();
    TokenScore next =
        sampler.next(
            logits, row, request.sampling(), sequence.counts(), sequence.length(), forbidden);
    if (request.stopTokens().contains(next.token())) {
      return FinishReason.STOP;
    }
    sequence.append(next.token());
    if (!sequence.cancelled()) {
      sequence.listener().generated(next);
    }
    return sequence.generated() == request.maxTokens() ? FinishReason.LENGTH : null;
  }
}
