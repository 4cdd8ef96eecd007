package io.moesaic.deploy.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moesaic.router.capacity.CapacityJson;
import io.moesaic.router.capacity.CapacityPolicy;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;

/// Asks a router how it limits its experts and what that did, and sets another limit.
public final class CapacityClient implements AutoCloseable {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);
  private static final String CAPACITY = "/moe/capacity";

  private final URI url;
  private final HttpClient http;
  private final ObjectMapper json = new ObjectMapper();

  /// @param url of the router, without the path of the API
  public CapacityClient(URI url) {
    this.url = url;
    http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(TIMEOUT)
            .build();
  }

  /// The capacity of requests that bring none.
  public CapacityPolicy capacity() throws ClientException, InterruptedException {
    return CapacityJson.parse(ask(CAPACITY, HttpRequest.newBuilder().GET()).toString());
  }

  /// Sets it, from the next step on.
  public void set(CapacityPolicy capacity) throws ClientException, InterruptedException {
    ask(
        CAPACITY,
        HttpRequest.newBuilder()
            .header("content-type", "application/json")
            .PUT(BodyPublishers.ofString(CapacityJson.write(capacity).toString())));
  }

  /// Sets it back to what is a part of the model, from the next step on.
  public void reset() throws ClientException, InterruptedException {
    ask(CAPACITY, HttpRequest.newBuilder().DELETE());
  }

  /// How the experts have been loaded since the router started.
  public MoeStats stats() throws ClientException, InterruptedException {
    return MoeStats.of(ask("/moe/stats", HttpRequest.newBuilder().GET()));
  }

  private JsonNode ask(String path, HttpRequest.Builder request)
      throws ClientException, InterruptedException {
    try {
      var response =
          http.send(
              request.uri(url.resolve(path)).timeout(TIMEOUT).build(), BodyHandlers.ofString());
      if (response.statusCode() != 200) {
        throw ClientException.refused(url, response.statusCode(), response.body());
      }
      return json.readTree(response.body());
    } catch (IOException e) {
      throw ClientException.unreachable(url, e);
    }
  }

  @Override
  public void close() {
    http.close();
  }
}
