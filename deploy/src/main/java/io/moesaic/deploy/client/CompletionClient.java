package io.moesaic.deploy.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Asks a router, or any server of the OpenAI API, for completions.
public final class CompletionClient implements AutoCloseable {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);

  /// Begins the lines of a server-sent event that carry its data.
  private static final String DATA = "data:";

  private static final String END = "[DONE]";

  private final URI url;
  private final HttpClient http;
  private final ObjectMapper json = new ObjectMapper();

  /// @param url of the server, without the path of the API
  public CompletionClient(URI url) {
    this.url = url;
    // HTTP/1.1, because an upgrade to HTTP/2 is a round trip for nothing.
    http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT_TIMEOUT)
            .build();
  }

  /// Blocks until the completion has ended.
  ///
  /// @param onText told each piece of text as it comes
  /// @throws CompletionException when there is no server, when it refuses, or when it fails midway
  public Completion complete(CompletionRequest request, Consumer<String> onText)
      throws CompletionException, InterruptedException {
    long startNanos = System.nanoTime();
    var transcript = new Transcript(onText);
    try {
      var response = http.send(post(request), HttpResponse.BodyHandlers.ofLines());
      try (var lines = response.body()) {
        if (response.statusCode() != 200) {
          throw refusal(response.statusCode(), lines);
        }
        read(lines, transcript);
      }
    } catch (ConnectException e) {
      throw new CompletionException(
          "nothing listens at %s: start a cluster with moesaic dev, or give another --url"
              .formatted(url),
          e);
    } catch (IOException | UncheckedIOException e) {
      throw new CompletionException("the connection to " + url + " broke: " + e.getMessage(), e);
    }
    return transcript.completion((System.nanoTime() - startNanos) / 1e9);
  }

  private HttpRequest post(CompletionRequest request) throws JsonProcessingException {
    return HttpRequest.newBuilder(url.resolve("/v1/completions"))
        .header("content-type", "application/json")
        .header("accept", "text/event-stream")
        .POST(HttpRequest.BodyPublishers.ofString(json.writeValueAsString(request.body())))
        .build();
  }

  private void read(Stream<String> lines, Transcript transcript)
      throws CompletionException, JsonProcessingException {
    for (var line : (Iterable<String>) lines::iterator) {
      if (line.startsWith(DATA)) {
        var data = line.substring(DATA.length()).strip();
        if (data.equals(END)) {
          return;
        }
        var event = json.readTree(data);
        if (event.has("error")) {
          throw new CompletionException(url + " failed midway: " + message(event));
        }
        transcript.add(event);
      }
    }
    throw new CompletionException("the stream from " + url + " ended before the completion did");
  }

  private CompletionException refusal(int status, Stream<String> lines) {
    var body = lines.collect(Collectors.joining("\n"));
    String message;
    try {
      message = message(json.readTree(body));
    } catch (JsonProcessingException _) {
      message = body;
    }
    return new CompletionException(
        switch (status) {
          case 503 -> "%s cannot serve now: %s".formatted(url, message);
          case 429 -> "%s is busy: %s".formatted(url, message);
          default -> "%s refused the request (%d): %s".formatted(url, status, message);
        });
  }

  private static String message(JsonNode body) {
    return body.path("error").path("message").asText(body.toString());
  }

  @Override
  public void close() {
    http.close();
  }
}
