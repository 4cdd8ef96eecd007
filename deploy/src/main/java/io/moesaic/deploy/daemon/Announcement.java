package io.moesaic.deploy.daemon;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moesaic.wire.NodeAddress;
import java.util.Optional;

/// How far a node is. A node that was started with `--announce` writes each one as a line of JSON
/// on its standard output, where whoever started it reads them:
///
/// ```
///   {"event":"listening","http":"127.0.0.1:8080","grpc":"127.0.0.1:41234"}
///   {"event":"loading","loaded":1048576,"total":4194304}
///   {"event":"ready","memory":4202496,"held":11}
/// ```
public sealed interface Announcement {
  /// The node answers at the addresses, if only to say that it is loading.
  record Listening(Endpoints endpoints) implements Announcement {}

  /// Bytes of the checkpoint that are in memory, of those that will be.
  record Loading(long loadedBytes, long totalBytes) implements Announcement {}

  /// The node serves.
  ///
  /// @param memoryBytes memory of its weights
  /// @param heldExperts (layer, expert) pairs that it hosts; 0 for a router
  record Ready(long memoryBytes, int heldExperts) implements Announcement {}

  /// The line to write.
  default String json() {
    return switch (this) {
      case Listening(Endpoints(var http, var grpc)) ->
          "{\"event\":\"listening\"%s%s}".formatted(member("http", http), member("grpc", grpc));
      case Loading(long loaded, long total) ->
          "{\"event\":\"loading\",\"loaded\":%d,\"total\":%d}".formatted(loaded, total);
      case Ready(long memory, int held) ->
          "{\"event\":\"ready\",\"memory\":%d,\"held\":%d}".formatted(memory, held);
    };
  }

  /// Reads what [#json] wrote.
  ///
  /// @throws IllegalArgumentException when the line is no announcement
  static Announcement parse(String line) {
    try {
      var json = new ObjectMapper().readTree(line);
      return switch (json.path("event").asText()) {
        case "listening" ->
            new Listening(new Endpoints(address(json, "http"), address(json, "grpc")));
        case "loading" -> new Loading(json.path("loaded").asLong(), json.path("total").asLong());
        case "ready" -> new Ready(json.path("memory").asLong(), json.path("held").asInt());
        default -> throw new IllegalArgumentException("not an announcement: " + line);
      };
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("not an announcement: " + line, e);
    }
  }

  private static String member(String name, Optional<NodeAddress> address) {
    return address.map(a -> ",\"%s\":\"%s\"".formatted(name, a)).orElse("");
  }

  private static Optional<NodeAddress> address(JsonNode json, String name) {
    return json.has(name)
        ? Optional.of(NodeAddress.parse(json.path(name).asText()))
        : Optional.empty();
  }
}
