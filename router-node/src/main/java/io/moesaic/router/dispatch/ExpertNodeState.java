package io.moesaic.router.dispatch;

import io.moesaic.wire.NodeAddress;
import io.moesaic.wire.v1.NodeDescription;

/// What a router knows of an expert node, for tables and health reports. Immutable.
///
/// @param name as the node calls itself; empty until it has answered
/// @param reason why it is down; empty otherwise
public record ExpertNodeState(
    NodeAddress address,
    String name,
    Status status,
    String reason,
    int experts,
    long loadedBytes,
    long totalBytes,
    long memoryBytes) {
  public enum Status {
    CONNECTING,
    LOADING,
    SERVING,
    DOWN
  }

  static ExpertNodeState connecting(NodeAddress address) {
    return new ExpertNodeState(address, "", Status.CONNECTING, "", 0, 0, 0, 0);
  }

  static ExpertNodeState of(NodeAddress address, NodeDescription node) {
    return new ExpertNodeState(
        address,
        node.getNode(),
        node.getServing() ? Status.SERVING : Status.LOADING,
        "",
        node.getHeldList().stream().mapToInt(held -> held.getExpertsCount()).sum(),
        node.getLoadedBytes(),
        node.getTotalBytes(),
        node.getMemoryBytes());
  }

  ExpertNodeState down(String reason) {
    return new ExpertNodeState(
        address, name, Status.DOWN, reason, experts, loadedBytes, totalBytes, memoryBytes);
  }
}
