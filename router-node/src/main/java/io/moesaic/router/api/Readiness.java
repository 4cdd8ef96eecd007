package io.moesaic.router.api;

/// Whether the node can take requests.
public sealed interface Readiness {
  /// The model is being read.
  record Loading(long loadedBytes, long totalBytes) implements Readiness {}

  record Ready() implements Readiness {}

  /// Some experts have no node. Requests that need none of them still succeed, so all are tried.
  ///
  /// @param detail which experts are missing
  record ExpertsMissing(String detail) implements Readiness {}

  /// The node finishes what it has begun and takes nothing new.
  record Draining() implements Readiness {}
}
