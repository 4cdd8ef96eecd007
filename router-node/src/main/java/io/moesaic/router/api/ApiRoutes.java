package io.moesaic.router.api;

import com.fasterxml.jackson.databind.JsonNode;
import io.moesaic.router.api.AnswerFormat.Head;
import io.moesaic.router.engine.Generator;
import io.moesaic.router.json.FieldException;
import io.moesaic.router.json.JsonFields;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import io.vertx.ext.web.handler.CorsHandler;
import java.time.InstantSource;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What each path answers. Bodies are read and checked on worker threads, everything else happens
/// on the event loop of the connection.
final class ApiRoutes {
  private static final Logger log = LoggerFactory.getLogger(ApiRoutes.class);

  private static final String REQUEST_ID = "x-request-id";

  /// What may be repeated in answers; another id is replaced.
  private static final Pattern REQUEST_ID_FORM = Pattern.compile("[\\w.:/+=-]{1,128}");

  private final Vertx vertx;
  private final ApiSettings settings;
  private final Supplier<Readiness> readiness;
  private final Supplier<ModelCard> card;
  private final Supplier<Serving> serving;
  private final LongSupplier seeds;
  private final InstantSource clock;

  /// The model and what generates its texts.
  record Serving(ServedModel model, Generator generator) {}

  private enum Endpoint {
    COMPLETION,
    CHAT
  }

  /// @param card of the model; throws an [ApiException] while there is none
  /// @param serving throws an [ApiException] while there is no model that writes texts
  ApiRoutes(
      Vertx vertx,
      ApiSettings settings,
      Supplier<Readiness> readiness,
      Supplier<ModelCard> card,
      Supplier<Serving> serving,
      LongSupplier seeds,
      InstantSource clock) {
    this.vertx = vertx;
    this.settings = settings;
    this.readiness = readiness;
    this.card = card;
    this.serving = serving;
    this.seeds = seeds;
    this.clock = clock;
  }

  Router router() {
    var router = Router.router(vertx);
    router.route().handler(ApiRoutes::identify);
    if (!settings.allowedOrigins().isEmpty()) {
      router
          .route()
          .handler(
              CorsHandler.create()
                  .addOrigins(settings.allowedOrigins())
                  .allowedMethods(Set.of(HttpMethod.GET, HttpMethod.POST))
                  .exposedHeader(REQUEST_ID));
    }
    new HealthRoutes(readiness, settings.version()).addTo(router);
    router.get("/v1/models").handler(this::models);
    router.get("/v1/models/*").handler(this::model);
    accept(router.post("/v1/completions"), request -> write(request, Endpoint.COMPLETION));
    accept(router.post("/v1/chat/completions"), request -> write(request, Endpoint.CHAT));
    accept(router.post("/tokenize"), request -> convert(request, TokenRoutes::tokenize));
    accept(router.post("/detokenize"), request -> convert(request, TokenRoutes::detokenize));
    router.get("/moe/capacity").handler(r -> Json.answer(r, MoeRoutes.capacity(moe())));
    accept(router.put("/moe/capacity"), this::replaceCapacity);
    router.delete("/moe/capacity").handler(r -> Json.answer(r, MoeRoutes.resetCapacity(moe())));
    router.get("/moe/stats").handler(r -> Json.answer(r, MoeRoutes.stats(moe())));
    answerErrors(router);
    return router;
  }

  /// Reads the body first.
  private void accept(Route route, Handler<RoutingContext> handler) {
    route
        .handler(BodyHandler.create(false).setBodyLimit(settings.maxBodyBytes()))
        .handler(ApiRoutes::requireJson)
        .handler(handler);
  }

  /// Names the request: as its client does, or anew.
  private static void identify(RoutingContext request) {
    var given = request.request().getHeader(REQUEST_ID);
    var id =
        given != null && REQUEST_ID_FORM.matcher(given).matches()
            ? given
            : UUID.randomUUID().toString().replace("-", "");
    request.response().putHeader(REQUEST_ID, id);
    request.next();
  }

  private static void requireJson(RoutingContext request) {
    var type = request.request().getHeader("content-type");
    var mediaType = type == null ? "" : type.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
    if (!mediaType.equals("application/json")) {
      throw ApiError.invalid(
              null, "The content type is '%s' but must be application/json".formatted(mediaType))
          .exception();
    }
    request.next();
  }

  private void models(RoutingContext request) {
    var json = Json.object().put("object", "list");
    json.putArray("data").add(card.get().json());
    Json.answer(request, json);
  }

  private void model(RoutingContext request) {
    var model = card.get();
    var name = request.pathParam("*");
    if (!model.name().equals(name)) {
      throw ApiError.unknownModel(String.valueOf(name), model.name()).exception();
    }
    Json.answer(request, model.json());
  }

  private void convert(
      RoutingContext request, BiFunction<ServedModel, JsonFields, JsonNode> conversion) {
    var model = serving.get().model();
    var parser = parser(model);
    answer(
        request,
        fields -> {
          parser.checkModel(fields);
          return conversion.apply(model, fields);
        });
  }

  private void replaceCapacity(RoutingContext request) {
    var moe = moe();
    answer(request, fields -> MoeRoutes.replaceCapacity(moe, fields));
  }

  private ServedMoe moe() {
    return serving.get().model().moe();
  }

  /// Answers with what is made of the fields of the body, on a worker thread.
  private void answer(RoutingContext request, Function<JsonFields, JsonNode> work) {
    var body = body(request);
    vertx
        .executeBlocking(() -> work.apply(JsonFields.parse(body)), false)
        .onSuccess(json -> Json.answer(request, json))
        .onFailure(request::fail);
  }

  private void write(RoutingContext request, Endpoint endpoint) {
    if (readiness.get() instanceof Readiness.Draining) {
      throw ApiError.draining().exception();
    }
    var current = serving.get();
    var parser = parser(current.model());
    var body = body(request);
    vertx
        .executeBlocking(
            () ->
                switch (endpoint) {
                  case COMPLETION -> parser.completion(body);
                  case CHAT -> parser.chat(body);
                },
            false)
        .onSuccess(asked -> start(request, endpoint, asked, current))
        .onFailure(request::fail);
  }

  private void start(
      RoutingContext request, Endpoint endpoint, TextRequest asked, Serving current) {
    var response = request.response();
    if (response.closed()) {
      return;
    }
    var tokenizer = current.model().tokenizer();
    var choices =
        IntStream.range(0, asked.generations().size())
            .mapToObj(index -> new Choice(index, asked, tokenizer))
            .toList();
    var format = format(endpoint, asked, current.model(), response.headers().get(REQUEST_ID));
    var answer =
        asked.streaming() == null
            ? new Answer.Whole(response, format, choices)
            : new Answer.Streamed(
                response, new EventStream(vertx, request.request(), settings), format, choices);
    new TextExchange(vertx.getOrCreateContext(), choices, answer)
        .start(current.generator(), asked.generations());
  }

  private AnswerFormat format(
      Endpoint endpoint, TextRequest asked, ServedModel model, String requestId) {
    var logprobs = new Logprobs(model.tokenizer());
    var moe = new MoeReport(asked.moe(), model.moe());
    long created = clock.instant().getEpochSecond();
    return switch (endpoint) {
      case COMPLETION ->
          new CompletionFormat(
              asked, new Head("cmpl-" + requestId, created, model.name()), logprobs, moe);
      case CHAT ->
          new ChatFormat(
              asked, new Head("chatcmpl-" + requestId, created, model.name()), logprobs, moe);
    };
  }

  private TextRequestParser parser(ServedModel model) {
    return new TextRequestParser(model, settings.maxChoices(), seeds);
  }

  private static byte[] body(RoutingContext request) {
    var buffer = request.body().buffer();
    return buffer == null ? new byte[0] : buffer.getBytes();
  }

  private void answerErrors(Router router) {
    router.errorHandler(400, request -> fail(request, ApiError.invalid(null, "Malformed request")));
    router.errorHandler(403, request -> fail(request, ApiError.foreignOrigin()));
    router.errorHandler(
        404,
        request -> fail(request, ApiError.unknownPath(method(request), request.request().path())));
    router.errorHandler(
        405,
        request -> fail(request, ApiError.wrongMethod(method(request), request.request().path())));
    router.errorHandler(
        413, request -> fail(request, ApiError.bodyTooLarge(settings.maxBodyBytes())));
    router.errorHandler(500, ApiRoutes::failUnexpectedly);
  }

  private static void failUnexpectedly(RoutingContext request) {
    if (request.failure() instanceof ApiException e) {
      fail(request, e.error());
    } else if (request.failure() instanceof FieldException e) {
      fail(
          request,
          ApiError.invalid(e.field().isEmpty() ? null : e.field(), String.valueOf(e.getMessage())));
    } else {
      log.error("{} {} failed", method(request), request.request().path(), request.failure());
      fail(request, ApiError.internal());
    }
  }

  private static void fail(RoutingContext request, ApiError error) {
    error.send(request.response());
  }

  private static String method(RoutingContext request) {
    return request.request().method().name();
  }
}
