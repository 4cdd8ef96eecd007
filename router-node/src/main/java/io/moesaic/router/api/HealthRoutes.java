package io.moesaic.router.api;

import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.function.Supplier;

/// Whether the process lives, and whether it should get requests.
final class HealthRoutes {
  private final Supplier<Readiness> readiness;
  private final String version;

  HealthRoutes(Supplier<Readiness> readiness, String version) {
    this.readiness = readiness;
    this.version = version;
  }

  void addTo(Router router) {
    router.get("/health").handler(this::health);
    router.get("/health/").handler(this::health);
    router.get("/live").handler(request -> Json.answer(request, Json.object().put("status", "ok")));
    router
        .get("/live/")
        .handler(request -> Json.answer(request, Json.object().put("status", "ok")));
    router
        .get("/version")
        .handler(request -> Json.answer(request, Json.object().put("version", version)));
  }

  private void health(RoutingContext request) {
    switch (readiness.get()) {
      case Readiness.Ready() -> Json.answer(request, Json.object().put("status", "ok"));
      case Readiness.Loading loading -> throw ApiError.loading(loading).exception();
      case Readiness.ExpertsMissing(var detail) ->
          throw ApiError.expertsMissing(detail).exception();
      case Readiness.Draining() -> throw ApiError.draining().exception();
    }
  }
}
