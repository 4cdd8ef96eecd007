package io.moesaic.deploy.dev;

import java.util.Locale;

/// How far a node of a local cluster is.
public enum NodeState {
  STARTING,
  LOADING,
  READY,
  /// Its process ended, or was killed; [LocalNode#restart] brings it back.
  DOWN;

  /// The name in tables.
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
