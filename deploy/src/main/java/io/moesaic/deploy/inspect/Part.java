package io.moesaic.deploy.inspect;

import java.util.Locale;

/// What a tensor of a model is for.
public enum Part {
  EMBEDDINGS,
  HEAD,
  NORMS,
  ATTENTION,
  /// Feed-forward blocks of layers without experts.
  DENSE_BLOCKS,
  GATES,
  SHARED_EXPERTS,
  EXPERTS;

  /// As people read it: `shared experts`.
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  /// As programs read it: `shared_experts`.
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }
}
