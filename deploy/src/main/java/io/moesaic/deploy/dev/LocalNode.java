package io.moesaic.deploy.dev;

import io.moesaic.deploy.daemon.Endpoints;
import io.moesaic.wire.NodeAddress;

/// A node of a local cluster. Any thread may ask for its status; one thread at a time may end it
/// and start it again.
public sealed interface LocalNode permits ProcessNode, InProcessExpert {
  /// `router`, or `expert-I` with the index of its shard.
  String name();

  /// Where it listens, for as long as the cluster lives.
  Endpoints endpoints();

  /// By which it is known.
  default NodeAddress address() {
    return endpoints().address();
  }

  /// The process that it lives in.
  long pid();

  NodeStatus status();

  /// Blocks until its address is known.
  ///
  /// @throws ClusterException when it ends before
  void awaitListening() throws InterruptedException;

  /// Blocks until it serves.
  ///
  /// @throws ClusterException when it ends before
  void awaitReady() throws InterruptedException;

  /// Ends the node without a chance to finish anything, as `kill -9` does. One that lives in this
  /// process cannot be killed like that: it is closed.
  void kill() throws InterruptedException;

  /// Starts the node again on the same address, after [#kill] or after it died, and blocks until it
  /// serves.
  void restart() throws InterruptedException;

  /// Ends the node in order: it finishes what is in flight.
  void close();
}
