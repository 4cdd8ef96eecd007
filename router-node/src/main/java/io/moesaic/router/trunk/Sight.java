package io.moesaic.router.trunk;

/// Which tokens a token attends to, by the places of their keys and values in the sequence's memory
/// ([KvSequence#place]): `from <= place < end`, never none.
sealed interface Sight permits Window, EncodedPrompt {
  int from(KvSequence cache, int place);

  int end(KvSequence cache, int place);
}
