package io.moesaic.deploy.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CompletionClientTest {
  private static final CompletionRequest REQUEST =
      new CompletionRequest(new Prompt.Text("Call me"), 2, 0, OptionalLong.of(7), true);

  private final HttpServer server;
  private String received = "";

  CompletionClientTest() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
  }

  @BeforeEach
  void start() {
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private void answer(int status, String body) {
    server.createContext(
        "/v1/completions",
        exchange -> {
          received = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
          var bytes = body.getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(status, bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
  }

  private Completion complete(List<String> pieces) throws ClientException, InterruptedException {
    var url = URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    try (var client = new CompletionClient(url)) {
      return client.complete(REQUEST, pieces::add);
    }
  }

  private String failure() {
    var failure = assertThrows(ClientException.class, () -> complete(new ArrayList<>()));
    return String.valueOf(failure.getMessage());
  }

  @Test
  void putsTogetherWhatIsStreamed() throws ClientException, InterruptedException {
    answer(
        200,
        """
        data: {"choices":[{"text":" Ish","token_ids":[5],"finish_reason":null}],"usage":null}

        data: {"choices":[{"text":"mael","token_ids":[6],"finish_reason":"length"}]}

        data: {"choices":[],"usage":{"prompt_tokens":2,"completion_tokens":2,"total_tokens":4}}

        data: [DONE]

        """);
    List<String> pieces = new ArrayList<>();
    var completion = complete(pieces);
    assertEquals(List.of(" Ish", "mael"), pieces);
    assertEquals(" Ishmael", completion.text());
    assertEquals(List.of(5, 6), completion.tokenIds());
    assertEquals("length", completion.finishReason());
    assertEquals(new Completion.Usage(2, 2, 4), completion.usage());
    assertTrue(received.contains("\"seed\":7"), received);
    assertTrue(received.contains("\"skip_special_tokens\":false"), received);
  }

  @Test
  void aRefusalIsToldInTheServersWords() {
    answer(503, "{\"error\":{\"message\":\"Loading model\"}}");
    assertTrue(failure().endsWith("cannot serve now: Loading model"));
  }

  @Test
  void anErrorMidwayIsAFailure() {
    answer(200, "data: {\"error\":{\"message\":\"an expert is gone\"}}\n\n");
    assertTrue(failure().endsWith("failed midway: an expert is gone"));
  }

  @Test
  void aStreamThatEndsTooSoonIsAFailure() {
    answer(200, "data: {\"choices\":[{\"text\":\"a\"}]}\n\n");
    assertTrue(failure().contains("ended before the completion did"));
  }
}
