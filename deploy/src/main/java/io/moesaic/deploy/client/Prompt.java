package io.moesaic.deploy.client;

import java.util.List;

/// What a completion continues.
public sealed interface Prompt {
  record Text(String text) implements Prompt {}

  record TokenIds(List<Integer> ids) implements Prompt {
    public TokenIds {
      ids = List.copyOf(ids);
    }
  }
}
