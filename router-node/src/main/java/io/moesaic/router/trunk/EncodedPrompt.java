package io.moesaic.router.trunk;

/// Sight of all of a prompt that is encoded apart from its text: the prompt's own tokens have it,
/// and those of the text.
record EncodedPrompt() implements Sight {
  @Override
  public int from(KvSequence cache, int place) {
    return 0;
  }

  @Override
  public int end(KvSequence cache, int place) {
    return cache.encoded();
  }
}
