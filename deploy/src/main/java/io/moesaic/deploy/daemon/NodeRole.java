package io.moesaic.deploy.daemon;

import java.util.Locale;

/// What a node is, and the protocol of the address it is known by.
public enum NodeRole {
  ROUTER("http"),
  EXPERT("grpc");

  private final String protocol;

  NodeRole(String protocol) {
    this.protocol = protocol;
  }

  public String protocol() {
    return protocol;
  }

  /// The name in commands and tables: `router` or `expert`.
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
