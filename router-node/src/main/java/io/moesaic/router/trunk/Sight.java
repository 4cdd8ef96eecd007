package io.moesaic.router.trunk;

/// Which positions a token attends to: `from <= p < end`, never none. Positions are where the
/// sequence has their keys and values, as by [KvSequence#place].
sealed interface Sight permits Window, EncodedPrompt {
  int from(KvSequence cache, int position);

  int end(KvSequence cache, int position);
}
