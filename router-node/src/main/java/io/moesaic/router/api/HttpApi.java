package io.moesaic.router.api;

import io.moesaic.router.api.ApiRoutes.Serving;
import io.moesaic.router.engine.Generator;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import java.io.IOException;
import java.time.InstantSource;
import java.util.OptionalInt;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The HTTP server of a router node. It listens before the model is loaded, and says so to whoever
/// asks for texts until [#serve] brings one. Safe for concurrent use; [#listen] and [#close] wait,
/// so no event loop may call them.
public final class HttpApi implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(HttpApi.class);

  /// Each may hold a request's body.
  static final int MAX_CONNECTIONS = 1024;

  private final AtomicInteger connections = new AtomicInteger();
  private final Supplier<Readiness> readiness;
  private final HttpServer server;
  private volatile @Nullable ModelCard card;
  private volatile @Nullable Serving serving;

  /// @param readiness asked for every request, by event loops
  /// @param seeds for requests that bring none, from any thread
  public HttpApi(
      Vertx vertx,
      ApiSettings settings,
      Supplier<Readiness> readiness,
      LongSupplier seeds,
      InstantSource clock) {
    this.readiness = readiness;
    var routes = new ApiRoutes(vertx, settings, readiness, this::card, this::serving, seeds, clock);
    // With HTTP/2 a connection would count from its first byte on only.
    var options = new HttpServerOptions().setHttp2ClearTextEnabled(false);
    server =
        vertx
            .createHttpServer(options)
            .requestHandler(routes.router())
            .connectionHandler(this::admit);
  }

  /// Closes a connection at once when there are too many.
  private void admit(HttpConnection connection) {
    boolean full = connections.incrementAndGet() > MAX_CONNECTIONS;
    connection.closeHandler(_ -> connections.decrementAndGet());
    if (full) {
      log.warn("a connection is refused: {} are open already", MAX_CONNECTIONS);
      connection.close();
    }
  }

  /// The model is loaded: from now on it answers.
  public void serve(ServedModel model, Generator generator) {
    serving = new Serving(model, generator);
    card = ModelCard.of(model);
  }

  /// A model is loaded that writes no texts, because it is MoE layers only: from now on it is
  /// listed, and who asks for texts is told.
  public void serveLayers(String name, long createdSeconds) {
    card = new ModelCard(name, createdSeconds, OptionalInt.empty(), OptionalInt.empty());
  }

  /// Begins to accept connections.
  ///
  /// @param port 0 takes a free one
  /// @return the port
  public int listen(String host, int port) throws IOException {
    try {
      return await(server.listen(port, host)).actualPort();
    } catch (ExecutionException e) {
      throw new IOException("cannot listen at %s:%d".formatted(host, port), e.getCause());
    }
  }

  /// Closes all connections, which cancels what they wait for.
  @Override
  public void close() throws IOException {
    try {
      await(server.close());
    } catch (ExecutionException e) {
      throw new IOException("the HTTP server did not close", e.getCause());
    }
  }

  private ModelCard card() {
    var current = card;
    if (current != null) {
      return current;
    }
    var progress =
        readiness.get() instanceof Readiness.Loading loading
            ? loading
            : new Readiness.Loading(0, 0);
    throw ApiError.loading(progress).exception();
  }

  private Serving serving() {
    var current = serving;
    if (current != null) {
      return current;
    }
    throw ApiError.layersOnly(card().name()).exception();
  }

  private static <T> T await(Future<T> future) throws ExecutionException, IOException {
    try {
      return future.toCompletionStage().toCompletableFuture().get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
