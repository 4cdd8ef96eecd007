package io.moesaic.deploy.daemon;

import java.util.Locale;

/// What a node is.
public enum NodeRole {
  ROUTER,
  EXPERT;

  /// The name in commands and tables: `router` or `expert`.
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
