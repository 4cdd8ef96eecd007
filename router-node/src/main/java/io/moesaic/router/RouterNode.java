package io.moesaic.router;

import io.moesaic.router.api.ApiSettings;
import io.moesaic.router.api.HttpApi;
import io.moesaic.router.api.Readiness;
import io.moesaic.router.api.ServedModel;
import io.moesaic.router.api.ServedMoe;
import io.moesaic.router.capacity.LiveCapacity;
import io.moesaic.router.engine.Engine;
import io.moesaic.router.engine.EngineLimits;
import io.moesaic.router.layer.LayerService;
import io.moesaic.router.moe.MoeObserver;
import io.moesaic.router.sampling.Sampler;
import io.moesaic.router.tokenizer.ChatTemplate;
import io.moesaic.router.tokenizer.Tokenizer;
import io.moesaic.router.trunk.TrunkConfig;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.checkpoint.LoadProgress;
import io.moesaic.tensor.checkpoint.ModelConfig;
import io.moesaic.wire.NodeAddress;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A router node from its binding to its end:
///
/// ```
///   bind      HTTP and Flight answer: loading, HTTP with bytes
///   load      the trunk is packed and warm, expert nodes are being connected
///   serving   ready as soon as every expert has a node, and again after each loss
///   close     draining: takes nothing new, finishes what it has, then stops
/// ```
/// One thread calls [#bind] and [#load]; the other methods are for any thread, [#close] also while
/// the node loads: the process is about to end then, and what is half loaded ends with it.
public final class RouterNode implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(RouterNode.class);
  private static final int MAX_RUNNING = 64;

  /// Each takes a batch of layers at a time; more would only wait for the same expert nodes.
  private static final int MAX_LAYER_THREADS = 4;

  private static final Duration LAYERS_PATIENCE = Duration.ofSeconds(10);

  private final RouterSettings settings;
  private final Vertx vertx;
  private final HttpApi api;
  private final NodeAddress address;
  private final Optional<LayerService> flight;
  private volatile Readiness.Loading loading = new Readiness.Loading(0, 0);
  private volatile @Nullable LoadedModel loaded;
  private volatile boolean closing;

  private RouterNode(RouterSettings settings) throws IOException {
    this.settings = settings;
    vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1).setWorkerPoolSize(2));
    var defaults = ApiSettings.defaults(version());
    api =
        new HttpApi(
            vertx,
            new ApiSettings(
                defaults.version(),
                settings.corsOrigins(),
                defaults.maxBodyBytes(),
                Math.min(defaults.maxChoices(), settings.queueRequests()),
                defaults.maxUnreadBytes(),
                defaults.unreadTimeout()),
            this::readiness,
            new SecureRandom()::nextLong,
            InstantSource.system());
    try {
      int port = api.listen(settings.http().host(), settings.http().port());
      address = new NodeAddress(settings.http().host(), port);
      flight =
          settings.flight().isEmpty()
              ? Optional.empty()
              : Optional.of(LayerService.bind(settings.flight().get(), settings.name()));
    } catch (IOException e) {
      vertx.close();
      throw e;
    }
  }

  /// Begins to listen.
  ///
  /// @throws IOException when the address cannot be bound
  public static RouterNode bind(RouterSettings settings) throws IOException {
    return new RouterNode(settings);
  }

  /// The version that the build wrote into the jar.
  private static String version() {
    var version = RouterNode.class.getPackage().getImplementationVersion();
    return Objects.requireNonNullElse(version, "development build");
  }

  /// Where the API listens.
  public NodeAddress address() {
    return address;
  }

  /// Where MoE layers are served over Arrow Flight, if they are.
  public Optional<NodeAddress> flight() {
    return flight.map(LayerService::address);
  }

  /// Loads the model, runs its trunk until it is compiled, and begins to serve.
  ///
  /// @throws io.moesaic.tensor.checkpoint.CheckpointException when the model cannot be used
  /// @throws IOException when its tokenizer or chat template cannot be read
  public void load(LoadProgress progress) throws IOException {
    var config = ModelConfig.read(settings.model());
    var model =
        ExpertParallelLayers.areAllOf(config) ? loadLayers(config) : loadTexts(config, progress);
    loaded = model;
    flight.ifPresent(
        service ->
            service.serve(model.layers(), Math.clamp(settings.threads(), 2, MAX_LAYER_THREADS)));
  }

  private LoadedModel loadLayers(ModelConfig config) {
    if (flight.isEmpty()) {
      throw config.invalid(
          "model_type",
          "so there are only layers, which are served over Arrow Flight: say where with --flight");
    }
    try (var checkpoint = Checkpoint.open(settings.model())) {
      var layers = ExpertParallelLayers.open(settings.modelSettings(), checkpoint, config);
      api.serveLayers(settings.name(), InstantSource.system().instant().getEpochSecond());
      return new LoadedModel.LayersOnly(layers);
    }
  }

  private LoadedModel loadTexts(ModelConfig config, LoadProgress progress) throws IOException {
    var tokenizer = Tokenizer.open(settings.model());
    var template = ChatTemplate.load(settings.model());
    var tokens = GenerationTokens.read(settings.model(), config, TrunkConfig.of(config));
    var model =
        ExpertParallelModel.open(
            settings.modelSettings(),
            MoeObserver.NONE,
            (bytes, total) -> {
              loading = new Readiness.Loading(bytes, total);
              progress.loaded(bytes, total);
            });
    TrunkWarmup.run(model.trunk(), model.pool());
    int stepTokens = model.maxStepTokens();
    var capacity =
        new LiveCapacity(
            settings.moe().capacity().orElseGet(model::capacity), model.layers().bank().layers());
    var engine =
        new Engine(
            model.trunk(),
            tokens.start(),
            model,
            model.pool(),
            new Sampler(model.compute().kernels()),
            new EngineLimits(
                settings.queueRequests(),
                // the other half is for the windows in which prompts are computed
                Math.clamp(stepTokens / 2, 1, MAX_RUNNING),
                stepTokens),
            capacity);
    api.serve(served(model, tokens.ends(), tokenizer, template, capacity), engine);
    return new LoadedModel.Texts(model, tokenizer, engine);
  }

  private ServedModel served(
      ExpertParallelModel model,
      Set<Integer> ends,
      Tokenizer tokenizer,
      Optional<ChatTemplate> template,
      LiveCapacity capacity) {
    return new ServedModel(
        settings.name(),
        InstantSource.system().instant().getEpochSecond(),
        model.maxSequence(),
        model.config().encodesPrompts()
            ? OptionalInt.of(model.maxStepTokens())
            : OptionalInt.empty(),
        model.config().vocabulary(),
        ends,
        tokenizer,
        template,
        new ServedMoe(
            model.layers().bank().layers(),
            model.layers().bank().experts(),
            model.capacity(),
            capacity,
            settings.moe().requests(),
            model.layers().counters()::snapshot));
  }

  private Readiness readiness() {
    var current = loaded;
    if (closing) {
      return new Readiness.Draining();
    }
    if (current == null) {
      return loading;
    }
    var missing = current.layers().fleet().placement().missing();
    if (missing.isEmpty()) {
      return new Readiness.Ready();
    }
    return new Readiness.ExpertsMissing(
        "%d of the model's experts have no node: %s"
            .formatted(missing.size(), current.layers().fleet().describeAbsent()));
  }

  /// Waits until every expert of the model has a serving node.
  ///
  /// @return whether that came true within the time
  /// @throws IllegalStateException before [#load]
  public boolean awaitExperts(Duration timeout) throws InterruptedException {
    return requireLoaded().layers().fleet().awaitComplete(timeout.toMillis());
  }

  /// The expert nodes that do not serve, each with its reason, in one sentence.
  public String describeAbsent() {
    return requireLoaded().layers().fleet().describeAbsent();
  }

  /// Bytes of weights and of keys and values.
  public long memoryBytes() {
    return requireLoaded().memoryBytes();
  }

  private LoadedModel requireLoaded() {
    var current = loaded;
    if (current == null) {
      throw new IllegalStateException("the model is not loaded yet");
    }
    return current;
  }

  /// Finishes the requests that it has, for a while, and stops.
  @Override
  public void close() {
    if (closing) {
      return;
    }
    closing = true;
    var current = loaded;
    if (current != null) {
      current.drain();
    }
    flight.ifPresent(service -> service.close(LAYERS_PATIENCE));
    try {
      api.close();
    } catch (IOException e) {
      log.warn("The HTTP server did not close cleanly", e);
    }
    if (current != null) {
      current.close();
    }
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }
}
