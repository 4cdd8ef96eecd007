package io.moesaic.router.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moesaic.router.capacity.CapacityJson;
import io.moesaic.router.capacity.CapacityPolicy;
import io.moesaic.router.capacity.LiveCapacity;
import io.moesaic.router.capacity.RequestCapacity;
import io.moesaic.router.capacity.RoutingCounters;
import io.moesaic.router.tokenizer.ChatTemplate;
import io.moesaic.router.tokenizer.Models;
import io.moesaic.router.tokenizer.Tokenizer;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.UnaryOperator;

/// The API on a loopback port, before a [FakeGenerator]. Its model `tiny` has a context of 64
/// tokens and a vocabulary of 128: most characters are a token, `a` is 68.
final class ApiServer implements AutoCloseable {
  static final String MODEL = "tiny";
  static final int CONTEXT = 64;
  static final long NOW = 1_700_000_000;
  static final CapacityPolicy OF_MODEL =
      CapacityJson.parse("{\"scope\": \"whole_sequence\", \"capacity\": 3}");

  final FakeGenerator generator = new FakeGenerator();
  final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  final Tokenizer tokenizer;
  final int port;
  final LiveCapacity capacity = new LiveCapacity(CapacityPolicy.DROPLESS, 2);
  final RoutingCounters counters = new RoutingCounters(2, 8);
  volatile Readiness readiness = new Readiness.Ready();

  private OptionalInt maxEncodedPrompt = OptionalInt.empty();
  private final Vertx vertx = Vertx.vertx();
  private final HttpApi api;

  private ApiServer(ApiSettings settings, Tokenizer tokenizer) {
    this.tokenizer = tokenizer;
    api =
        new HttpApi(
            vertx,
            settings,
            () -> readiness,
            () -> 42,
            InstantSource.fixed(Instant.ofEpochSecond(NOW)));
    try {
      port = api.listen("127.0.0.1", 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static ApiServer loading() {
    return new ApiServer(ApiSettings.defaults("1.2.3"), Models.tokenizer(Models.GOLDEN));
  }

  /// Writes texts, and chats with a template that ends each message with a newline.
  static ApiServer serving() {
    return serving(ApiSettings.defaults("1.2.3"));
  }

  static ApiServer serving(ApiSettings settings) {
    return serving(settings, CONTEXT);
  }

  /// Its model encodes prompts, of up to 8 tokens.
  static ApiServer encoding() {
    var server = loading();
    server.maxEncodedPrompt = OptionalInt.of(8);
    return server.serve(128, CONTEXT, template(Models.DEMO));
  }

  static ApiServer serving(ApiSettings settings, int context) {
    var server = new ApiServer(settings, Models.tokenizer(Models.GOLDEN));
    return server.serve(128, context, template(Models.DEMO));
  }

  /// Within bounds of the operator.
  static ApiServer serving(RequestCapacity requests) {
    return loading().serve(128, CONTEXT, template(Models.DEMO), requests);
  }

  static ApiServer servingWithoutTemplate() {
    return loading().serve(128, CONTEXT, Optional.empty());
  }

  /// The bundled model's tokenizer, in which characters may be several tokens.
  static ApiServer servingDemo() {
    var server = new ApiServer(ApiSettings.defaults("1.2.3"), Models.tokenizer(Models.DEMO));
    return server.serve(4096, 2048, template(Models.DEMO));
  }

  private ApiServer serve(int vocabulary, int context, Optional<ChatTemplate> template) {
    return serve(vocabulary, context, template, RequestCapacity.ANY);
  }

  private ApiServer serve(
      int vocabulary, int context, Optional<ChatTemplate> template, RequestCapacity requests) {
    api.serve(
        new ServedModel(
            MODEL,
            NOW - 1,
            context,
            maxEncodedPrompt,
            vocabulary,
            Set.of(1),
            tokenizer,
            template,
            moe(requests)),
        generator);
    return this;
  }

  private ServedMoe moe(RequestCapacity requests) {
    return new ServedMoe(2, 8, OF_MODEL, capacity, requests, counters::snapshot);
  }

  private static Optional<ChatTemplate> template(Path model) {
    try {
      return ChatTemplate.load(model);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// What the engine writes from now on.
  ApiServer writes(String text) {
    generator.script = tokenizer.encode(text, false);
    return this;
  }

  HttpResponse<String> get(String path) {
    return send(request(path).GET());
  }

  HttpResponse<String> post(String path, String body) {
    return post(path, body, request -> request.header("content-type", "application/json"));
  }

  HttpResponse<String> post(String path, String body, UnaryOperator<HttpRequest.Builder> headers) {
    return send(headers.apply(request(path).POST(BodyPublishers.ofString(body))));
  }

  HttpResponse<String> complete(String fields) {
    return post("/v1/completions", "{\"model\": \"tiny\", " + fields + "}");
  }

  HttpResponse<String> chat(String fields) {
    return post("/v1/chat/completions", "{\"model\": \"tiny\", " + fields + "}");
  }

  HttpResponse<String> put(String path, String body) {
    return send(
        request(path)
            .header("content-type", "application/json")
            .PUT(BodyPublishers.ofString(body)));
  }

  HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
        .timeout(Duration.ofSeconds(20));
  }

  HttpResponse<String> send(HttpRequest.Builder request) {
    try {
      return client.send(request.build(), BodyHandlers.ofString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new AssertionError("interrupted", e);
    }
  }

  static JsonNode json(HttpResponse<String> response) {
    return json(response.body());
  }

  static JsonNode json(String text) {
    try {
      return new ObjectMapper().readTree(text);
    } catch (IOException e) {
      throw new AssertionError("not JSON: " + text, e);
    }
  }

  /// The data of each event.
  static List<String> events(HttpResponse<String> response) {
    return response
        .body()
        .lines()
        .filter(line -> line.startsWith("data: "))
        .map(line -> line.substring(6))
        .toList();
  }

  @Override
  public void close() {
    generator.close();
    try {
      api.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      vertx.close().await();
      client.close();
    }
  }
}
