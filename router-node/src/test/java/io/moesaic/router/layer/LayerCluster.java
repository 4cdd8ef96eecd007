package io.moesaic.router.layer;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.router.ExpertParallelLayers;
import io.moesaic.router.OpenLayers;
import io.moesaic.router.dispatch.ScriptedExpertNode;
import io.moesaic.tensor.ffn.ExpertId;
import io.moesaic.wire.NodeAddress;
import io.moesaic.wire.WireType;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiPredicate;

/// A layer service in front of scripted expert nodes. Closing it checks that everybody has released
/// their memory.
final class LayerCluster implements AutoCloseable {
  static final String MODEL = "tiny";
  private static final int THREADS = 3;

  private final List<ScriptedExpertNode> nodes = new ArrayList<>();
  private final ExpertParallelLayers layers;
  private final LayerService service;
  private volatile boolean closed;

  /// @param hosts whether a node has an expert
  LayerCluster(Path model, WireType wire, int count, BiPredicate<Integer, ExpertId> hosts)
      throws IOException, InterruptedException {
    for (int n = 0; n < count; n++) {
      int node = n;
      nodes.add(new ScriptedExpertNode("node-" + n, model, id -> hosts.test(node, id)));
    }
    var addresses = nodes.stream().map(ScriptedExpertNode::address).toList();
    layers = OpenLayers.of(model, wire, addresses);
    service = LayerService.bind(new NodeAddress("127.0.0.1", 0), MODEL);
    assertTrue(layers.fleet().awaitComplete(30_000), layers.fleet().describeAbsent());
    service.serve(layers, THREADS);
  }

  /// Two nodes that take turns.
  static LayerCluster of(Path model) throws IOException, InterruptedException {
    return new LayerCluster(
        model, WireType.F32, 2, (node, id) -> (id.layer() + id.expert()) % 2 == node);
  }

  ScriptedExpertNode node(int index) {
    return nodes.get(index);
  }

  LayerService service() {
    return service;
  }

  ExpertParallelLayers layers() {
    return layers;
  }

  LayerClient client() {
    return new LayerClient(service.address());
  }

  /// Ends everything in order; a second time does nothing.
  ///
  /// @param patience for what the service has begun
  void close(Duration patience) {
    if (!closed) {
      closed = true;
      service.close(patience);
      layers.close();
      nodes.forEach(ScriptedExpertNode::close);
    }
  }

  @Override
  public void close() {
    close(Duration.ZERO);
  }
}
