package io.moesaic.deploy.dev;

import io.moesaic.deploy.daemon.Endpoints;
import io.moesaic.deploy.daemon.NodeRole;
import io.moesaic.expert.ExpertNode;
import io.moesaic.expert.ExpertSettings;
import io.moesaic.wire.NodeAddress;
import java.util.function.Function;

/// An expert node in this JVM.
final class InProcessExpert implements LocalNode {
  private final Function<NodeAddress, ExpertSettings> settings;
  private final String name;
  private final ClusterProgress progress;
  private volatile NodeState state = NodeState.STARTING;
  private volatile ExpertNode node;

  /// Binds the node; [#awaitReady] loads it.
  ///
  /// @param settings for the address that the node shall listen on
  InProcessExpert(
      String name,
      NodeAddress listen,
      Function<NodeAddress, ExpertSettings> settings,
      ClusterProgress progress) {
    this.name = name;
    this.settings = settings;
    this.progress = progress;
    this.node = ExpertNode.bind(settings.apply(listen));
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Endpoints endpoints() {
    return Endpoints.expert(node.address());
  }

  @Override
  public long pid() {
    return ProcessHandle.current().pid();
  }

  @Override
  public NodeStatus status() {
    var current = state;
    boolean ready = current == NodeState.READY;
    return new NodeStatus(
        name,
        NodeRole.EXPERT,
        current,
        endpoints(),
        ready ? node.held().size() : 0,
        ready ? node.memoryBytes() : 0,
        pid());
  }

  @Override
  public void awaitListening() {
    // It has listened since it was bound.
  }

  @Override
  public void awaitReady() {
    if (state == NodeState.READY) {
      return;
    }
    state = NodeState.LOADING;
    node.load((loaded, total) -> progress.loading(name, loaded, total));
    state = NodeState.READY;
    progress.ready(name);
  }

  @Override
  public void kill() {
    close();
  }

  @Override
  public void restart() {
    var address = node.address();
    close();
    node = ExpertNode.bind(settings.apply(address));
    awaitReady();
  }

  @Override
  public void close() {
    state = NodeState.DOWN;
    node.close();
  }
}
