package io.moesaic.deploy.dev;

import io.moesaic.deploy.daemon.ByteCount;
import io.moesaic.deploy.daemon.NodeRole;
import io.moesaic.wire.NodeAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/// The nodes of a cluster as a table:
///
/// ```
///   NODE      ROLE    STATE  HTTP                   GRPC             EXPERTS  MEMORY
///   router    router  ready  http://127.0.0.1:8080  127.0.0.1:41000  -        12 MB
///   expert-0  expert  ready  -                      127.0.0.1:41001  11       4.3 MB
/// ```
public final class NodeTable {
  private static final List<String> HEADER =
      List.of("NODE", "ROLE", "STATE", "HTTP", "GRPC", "EXPERTS", "MEMORY");
  private static final String NONE = "-";
  private static final String GAP = "  ";

  private NodeTable() {}

  /// The lines of the table, without line ends.
  public static List<String> lines(List<NodeStatus> nodes) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(HEADER);
    nodes.forEach(node -> rows.add(row(node)));
    var widths =
        IntStream.range(0, HEADER.size())
            .map(column -> Collections.max(rows.stream().map(r -> r.get(column).length()).toList()))
            .toArray();
    return rows.stream().map(row -> line(row, widths)).toList();
  }

  private static List<String> row(NodeStatus node) {
    boolean router = node.role() == NodeRole.ROUTER;
    return List.of(
        node.name(),
        node.role().label(),
        node.state().label(),
        node.endpoints().http().map(address -> "http://" + address).orElse(NONE),
        node.endpoints().grpc().map(NodeAddress::toString).orElse(NONE),
        router ? NONE : Integer.toString(node.heldExperts()),
        ByteCount.format(node.memoryBytes()));
  }

  private static String line(List<String> cells, int[] widths) {
    var line = new StringBuilder();
    for (int column = 0; column < widths.length; column++) {
      var cell = cells.get(column);
      line.append(cell).repeat(" ", widths[column] - cell.length()).append(GAP);
    }
    return line.toString().stripTrailing();
  }
}
