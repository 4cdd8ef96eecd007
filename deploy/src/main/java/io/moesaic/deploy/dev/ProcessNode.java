package io.moesaic.deploy.dev;

import io.moesaic.deploy.daemon.Endpoints;
import io.moesaic.deploy.daemon.NodeRole;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;

/// A node in a JVM of its own, which may be killed and started again.
final class ProcessNode implements LocalNode {
  private final String name;
  private final NodeRole role;
  private final Path log;
  private final Function<Endpoints, List<String>> arguments;
  private final ClusterProgress progress;
  private volatile Endpoints endpoints;
  private volatile NodeProcess process;

  /// Starts the process, and does not wait for it.
  ///
  /// @param listen where the node shall listen; with port 0 it finds a port for itself, and keeps
  ///     it
  /// @param arguments of `moesaic`, for these addresses
  ProcessNode(
      String name,
      NodeRole role,
      Endpoints listen,
      Path logs,
      Function<Endpoints, List<String>> arguments,
      ClusterProgress progress) {
    this.name = name;
    this.role = role;
    this.log = logs.resolve(name + ".log");
    this.arguments = arguments;
    this.progress = progress;
    this.endpoints = listen;
    this.process = NodeProcess.start(name, arguments.apply(listen), log, progress);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Endpoints endpoints() {
    return endpoints;
  }

  @Override
  public long pid() {
    return process.pid();
  }

  @Override
  public NodeStatus status() {
    var current = process;
    var ready = current.readyNow();
    if (!current.isAlive()) {
      return status(current, NodeState.DOWN, 0, 0);
    }
    if (ready == null) {
      return status(current, current.isListening() ? NodeState.LOADING : NodeState.STARTING, 0, 0);
    }
    return status(current, NodeState.READY, ready.heldExperts(), ready.memoryBytes());
  }

  private NodeStatus status(NodeProcess current, NodeState state, int held, long memoryBytes) {
    return new NodeStatus(name, role, state, endpoints, held, memoryBytes, current.pid());
  }

  @Override
  public void awaitListening() throws InterruptedException {
    endpoints = process.awaitListening();
  }

  @Override
  public void awaitReady() throws InterruptedException {
    process.awaitReady();
  }

  @Override
  public void kill() throws InterruptedException {
    process.kill();
  }

  @Override
  public void restart() throws InterruptedException {
    process.kill();
    process = NodeProcess.start(name, arguments.apply(endpoints), log, progress);
    process.awaitReady();
  }

  @Override
  public void close() {
    process.close();
  }
}
