package io.moesaic.deploy.system;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/// A client of the HTTP API, as plain as can be.
final class ApiClient implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  private final URI url;
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  ApiClient(URI url) {
    this.url = url;
  }

  HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return http.send(
        HttpRequest.newBuilder(url.resolve(path)).timeout(PATIENCE).build(),
        BodyHandlers.ofString());
  }

  /// The whole answer, streamed or not.
  HttpResponse<String> complete(Map<String, Object> body) throws IOException, InterruptedException {
    return http.send(
        HttpRequest.newBuilder(url.resolve("/v1/completions"))
            .timeout(PATIENCE)
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(JSON.writeValueAsString(body)))
            .build(),
        BodyHandlers.ofString());
  }

  /// The answers to several requests that are all under way together.
  List<HttpResponse<String>> completeTogether(List<Map<String, Object>> bodies)
      throws InterruptedException, ExecutionException {
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<HttpResponse<String>>> answers =
          bodies.stream().map(body -> threads.submit(() -> complete(body))).toList();
      List<HttpResponse<String>> done = new java.util.ArrayList<>();
      for (var answer : answers) {
        done.add(answer.get());
      }
      return done;
    }
  }

  static JsonNode json(HttpResponse<String> response) {
    try {
      return JSON.readTree(response.body());
    } catch (JsonProcessingException e) {
      throw new AssertionError(response.statusCode() + ": " + response.body(), e);
    }
  }

  @Override
  public void close() {
    http.close();
  }
}
