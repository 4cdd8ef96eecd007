package io.moesaic.deploy.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moesaic.deploy.dev.LocalCluster;
import io.moesaic.deploy.dev.NodeStatus;
import io.moesaic.deploy.dev.NodeTable;
import io.moesaic.tensor.checkpoint.Checkpoint;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// What `moesaic dev` says once the cluster serves.
///
/// @param model directory of the checkpoint
/// @param startUp how long it took
record DevSummary(
    Path model, List<NodeStatus> nodes, URI url, URI flightUrl, Path logs, Duration startUp) {
  static DevSummary of(Path model, LocalCluster cluster, Duration startUp) {
    return new DevSummary(
        model, cluster.status(), cluster.url(), cluster.flightUrl(), cluster.logs(), startUp);
  }

  /// The lines for people.
  ///
  /// @param withHint whether to say what to do next
  List<String> lines(boolean withHint) {
    List<String> lines = new ArrayList<>();
    lines.add(
        String.format(
            Locale.ROOT, "%s is ready after %.1f s", modelName(), startUp.toMillis() / 1e3));
    lines.add("");
    lines.addAll(NodeTable.lines(nodes));
    if (withHint) {
      lines.add("");
      lines.add("It serves at " + url + " until Ctrl-C. Try:");
      lines.add("");
      lines.add("  curl -N " + url + "/v1/completions -H 'content-type: application/json' -d \\");
      lines.add(
          "    '{\"prompt\": \"Fellow citizens\", \"max_tokens\": 40, \"temperature\": 0,"
              + " \"stream\": true}'");
    }
    return lines;
  }

  private String modelName() {
    return Checkpoint.nameOf(model);
  }

  String json() throws JsonProcessingException {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("model", modelName());
    json.put("url", url.toString());
    json.put("flight_url", flightUrl.toString());
    json.put("logs", logs.toString());
    json.put("start_seconds", startUp.toMillis() / 1e3);
    json.put("nodes", nodes.stream().map(DevSummary::json).toList());
    return new ObjectMapper().writeValueAsString(json);
  }

  private static Map<String, Object> json(NodeStatus node) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("node", node.name());
    json.put("role", node.role().label());
    json.put("state", node.state().label());
    node.endpoints().http().ifPresent(address -> json.put("http", address.toString()));
    node.endpoints().grpc().ifPresent(address -> json.put("grpc", address.toString()));
    json.put("experts", node.heldExperts());
    json.put("memory_bytes", node.memoryBytes());
    json.put("pid", node.pid());
    return json;
  }
}
