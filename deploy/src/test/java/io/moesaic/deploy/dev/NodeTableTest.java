package io.moesaic.deploy.dev;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moesaic.deploy.daemon.Endpoints;
import io.moesaic.deploy.daemon.NodeRole;
import io.moesaic.wire.NodeAddress;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class NodeTableTest {
  private static NodeAddress port(int port) {
    return new NodeAddress("127.0.0.1", port);
  }

  @Test
  void columnsAreAsWideAsTheirWidestCell() {
    var lines =
        NodeTable.lines(
            List.of(
                new NodeStatus(
                    "router",
                    NodeRole.ROUTER,
                    NodeState.READY,
                    Endpoints.router(port(80), Optional.of(port(41000))),
                    0,
                    12_000_000,
                    1),
                new NodeStatus(
                    "expert-0",
                    NodeRole.EXPERT,
                    NodeState.DOWN,
                    Endpoints.expert(port(41001)),
                    0,
                    0,
                    2)));
    assertEquals(
        """
        NODE      ROLE    STATE  HTTP                 GRPC             EXPERTS  MEMORY
        router    router  ready  http://127.0.0.1:80  127.0.0.1:41000  -        12 MB
        expert-0  expert  down   -                    127.0.0.1:41001  0        0 B\
        """
            .lines()
            .toList(),
        lines);
  }
}
