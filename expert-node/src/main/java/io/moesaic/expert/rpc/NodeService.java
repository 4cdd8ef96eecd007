package io.moesaic.expert.rpc;

import io.grpc.stub.StreamObserver;
import io.moesaic.expert.metrics.ExpertCounters;
import io.moesaic.wire.v1.DescribeRequest;
import io.moesaic.wire.v1.ExpertNodeGrpc;
import io.moesaic.wire.v1.NodeDescription;
import java.util.function.Supplier;

/// Answers Describe, at any time. Safe for concurrent use.
public final class NodeService extends ExpertNodeGrpc.ExpertNodeImplBase {
  private final NodeDescription identity;
  private final Supplier<State> state;
  private final ExpertCounters counters;

  /// What changes in the life of a node.
  ///
  /// @param serving whether batches are accepted
  /// @param loadedBytes of the checkpoint, of `totalBytes`
  /// @param memoryBytes of the packed experts
  public record State(boolean serving, long loadedBytes, long totalBytes, long memoryBytes) {}

  /// @param identity what does not change
  public NodeService(NodeDescription identity, Supplier<State> state, ExpertCounters counters) {
    this.identity = identity;
    this.state = state;
    this.counters = counters;
  }

  @Override
  public void describe(DescribeRequest request, StreamObserver<NodeDescription> answer) {
    var now = state.get();
    answer.onNext(
        identity.toBuilder()
            .setServing(now.serving())
            .setLoadedBytes(now.loadedBytes())
            .setTotalBytes(now.totalBytes())
            .setMemoryBytes(now.memoryBytes())
            .putAllCounters(counters.snapshot())
            .build());
    answer.onCompleted();
  }
}
