package io.moesaic.deploy.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
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
  /// @throws ClientException when there is no server, when it refuses, or when it fails midway
  public Completion complete(CompletionRequest request, Consumer<String> onText)
      throws ClientException, InterruptedException {
    long startNanos = System.nanoTime();
    var transcript = new Transcript(onText);
    try {
      var response = http.send(post(request), HttpResponse.BodyHandlers.ofLines());
      try (var lines = response.body()) {
        if (response.statusCode() != 200) {
          var body = lines.collect(Collectors.joining("\n"));
          throw ClientException.refused(url, response.statusCode(), body);
        }
        read(lines, transcript);
      }
    } catch (IOException | UncheckedIOException e) {
      throw ClientException.unreachable(url, e);
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
      throws ClientException, JsonProcessingException {
    for (var line : (Iterable<String>) lines::iterator) {
      if (line.startsWith(DATA)) {
        var data = line.substring(DATA.length()).strip();
        if (data.equals(END)) {
          return;
        }
        var event = json.readTree(data);
        if (event.has("error")) {
          throw new ClientException(url + " failed midway: " + ClientException.message(event));
        }
        transcript.add(event);
      }
    }
    throw new ClientException("the stream from " + url + " ended before the completion did");
  }

  @Override
  public void close() {
    http.close();
  }
}
