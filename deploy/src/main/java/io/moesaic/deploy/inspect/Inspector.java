package io.moesaic.deploy.inspect;

import io.moesaic.deploy.inspect.Inspection.Architecture;
import io.moesaic.deploy.inspect.Inspection.Kept;
import io.moesaic.deploy.inspect.Inspection.Parameters;
import io.moesaic.deploy.inspect.Inspection.Refusal;
import io.moesaic.deploy.inspect.Inspection.Source;
import io.moesaic.deploy.inspect.Inspection.TokenizerFacts;
import io.moesaic.deploy.spelling.NearestName;
import io.moesaic.router.GenerationTokens;
import io.moesaic.router.capacity.CapacityPolicy;
import io.moesaic.router.capacity.ModelCapacity;
import io.moesaic.router.gate.ModelPolicy;
import io.moesaic.router.gate.RoutingPolicy;
import io.moesaic.router.tokenizer.ChatTemplate;
import io.moesaic.router.tokenizer.Tokenizer;
import io.moesaic.router.trunk.KvPool;
import io.moesaic.router.trunk.TrunkConfig;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.checkpoint.CheckpointException;
import io.moesaic.tensor.checkpoint.ModelConfig;
import io.moesaic.tensor.ffn.ExpertBank;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;

/// Reads what there is of a model, with the same readers that serve it, and goes on where one of
/// them refuses. No weight is read and nothing is loaded.
public final class Inspector {
  private final ModelFiles files;
  private final ModelConfig config;
  private final String family;
  private final List<Refusal> refusals = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();

  private Inspector(ModelFiles files) {
    this.files = files;
    config = ModelConfig.readFile(files.config());
    family = config.text("model_type").orElse("absent");
  }

  /// @param model a directory, or a `config.json` by itself
  /// @param nodes numbers of expert nodes to plan for; those above the number of experts are left
  ///     out, and told
  /// @param kvTokens tokens for whose keys and values a router has memory
  /// @throws CheckpointException when there is no `config.json`, or it is no JSON object
  public static Inspection inspect(Path model, List<Integer> nodes, int kvTokens) {
    return new Inspector(ModelFiles.of(model)).inspect(model.toString(), nodes, kvTokens);
  }

  private Inspection inspect(String model, List<Integer> nodes, int kvTokens) {
    if (!ExpertBank.families().contains(family)) {
      return unknownFamily(model);
    }
    if (files.lacksWeights()) {
      notes.add(
          "no weights here, so there is nothing to serve yet: sizes are planned from config.json");
    }
    var bank = attempt("experts", () -> ExpertBank.of(config));
    var policy = attempt("routing", () -> policy(bank));
    var trunk =
        hasTrunk() ? attempt("trunk", () -> TrunkConfig.of(config)) : Optional.<TrunkConfig>empty();
    trunk.ifPresent(
        t -> attempt("tokens", () -> GenerationTokens.read(files.directory(), config, t)));
    var checkpoint =
        files.hasWeights()
            ? attempt("weights", () -> Checkpoint.open(files.directory()))
            : Optional.<Checkpoint>empty();
    try {
      var inventory =
          bank.flatMap(
              b ->
                  attempt(
                      "sizes",
                      () ->
                          Inventory.of(
                              config, b, name -> checkpoint.map(c -> c.has(name)).orElse(false))));
      var parameters = inventory.flatMap(i -> policy.map(p -> parameters(i, p)));
      var sizes = inventory.flatMap(i -> sizes(i, checkpoint));
      bank.ifPresent(b -> noteNodesWithoutExperts(b, nodes));
      return new Inspection(
          model,
          family,
          inventory.map(Inspector::architecture),
          parameters,
          sizes.map(Sizes::weights),
          sizes.map(s -> s.shares(nodes)).orElse(List.of()),
          policy,
          attempt("capacity", () -> ModelCapacity.of(config)).filter(CapacityPolicy::limits),
          trunk.map(t -> new Kept(KvPool.bytesPerPosition(t), kvTokens)),
          tokenizer(inventory),
          refusals,
          notes);
    } finally {
      checkpoint.ifPresent(Checkpoint::close);
    }
  }

  /// Every reader would refuse, and say the same.
  private Inspection unknownFamily(String model) {
    var hint = NearestName.hint(family, ExpertBank.families());
    try {
      ExpertBank.of(config);
    } catch (CheckpointException e) {
      refuse("family", e.getMessage() + hint);
    }
    return new Inspection(
        model,
        family,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        List.of(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        refusals,
        notes);
  }

  private void noteNodesWithoutExperts(ExpertBank bank, List<Integer> nodes) {
    var without =
        nodes.stream().filter(count -> count > bank.count()).map(String::valueOf).toList();
    if (!without.isEmpty()) {
      notes.add(
          "no plan for %s expert nodes: a model with %d experts has at most %d nodes"
              .formatted(String.join(", ", without), bank.count(), bank.count()));
    }
  }

  /// What a reader makes of the model; nothing when it refuses, which is then told. A reader that
  /// meets what another has met already says nothing new.
  private <T> Optional<T> attempt(String what, Supplier<T> reader) {
    try {
      return Optional.of(reader.get());
    } catch (CheckpointException | IllegalArgumentException e) {
      refuse(what, String.valueOf(e.getMessage()));
    }
    return Optional.empty();
  }

  private void refuse(String what, String why) {
    if (refusals.stream().noneMatch(refusal -> refusal.why().equals(why))) {
      refusals.add(new Refusal(what, why));
    }
  }

  private RoutingPolicy policy(Optional<ExpertBank> bank) {
    var policy = ModelPolicy.of(config);
    bank.ifPresent(b -> policy.requireFits(b.experts()));
    return policy;
  }

  private boolean hasTrunk() {
    if (family.equals("moe_layers")) {
      notes.add("MoE layers without a trunk: rows can be sent to them, text cannot");
      return false;
    }
    return true;
  }

  private static Architecture architecture(Inventory inventory) {
    var bank = inventory.bank();
    return new Architecture(
        inventory.layers(),
        inventory.encoderLayers(),
        bank.layers(),
        bank.experts(),
        bank.block(),
        vocabulary(inventory));
  }

  private static OptionalInt vocabulary(Inventory inventory) {
    return inventory.entries().stream()
        .filter(entry -> entry.part() == Part.EMBEDDINGS)
        .mapToInt(entry -> Math.toIntExact(entry.shape().dim(0)))
        .findFirst();
  }

  static Parameters parameters(Inventory inventory, RoutingPolicy policy) {
    Map<Part, Long> byPart = new EnumMap<>(Part.class);
    for (var entry : inventory.entries()) {
      byPart.merge(entry.part(), entry.shape().elements(), Long::sum);
    }
    var bank = inventory.bank();
    long experts = byPart.getOrDefault(Part.EXPERTS, 0L);
    long chosen = experts / bank.experts() * policy.ranks(bank.experts());
    long total = byPart.values().stream().mapToLong(Long::longValue).sum();
    // Embeddings that are the head too are multiplied as a whole.
    long looked = byPart.containsKey(Part.HEAD) ? byPart.getOrDefault(Part.EMBEDDINGS, 0L) : 0;
    return new Parameters(byPart, total - experts + chosen, looked);
  }

  private Optional<Sizes> sizes(Inventory inventory, Optional<Checkpoint> checkpoint) {
    if (checkpoint.isEmpty()) {
      var source = files.hasWeights() ? Source.CONFIG_INSTEAD : Source.CONFIG;
      return attempt("dtype", () -> Sizes.planned(inventory, StoredForm.of(config), source));
    }
    var headers = Headers.of(checkpoint.get(), inventory);
    headers.problems().forEach(problem -> refuse("weights", files.directory() + ": " + problem));
    notes.addAll(headers.notes());
    return attempt("experts", () -> Sizes.stored(inventory, checkpoint.get(), headers));
  }

  private Optional<TokenizerFacts> tokenizer(Optional<Inventory> inventory) {
    if (!files.hasTokenizer()) {
      if (files.hasWeights() && !family.equals("moe_layers")) {
        refuse("tokenizer", files.directory() + ": has no tokenizer.json");
      }
      return Optional.empty();
    }
    var facts = readTokenizer();
    var vocabulary = inventory.map(Inspector::vocabulary).orElse(OptionalInt.empty());
    if (facts.isPresent()
        && vocabulary.isPresent()
        && facts.get().vocabulary() > vocabulary.getAsInt()) {
      notes.add(
          "the tokenizer has ids up to %d, the model only %d embeddings"
              .formatted(facts.get().vocabulary() - 1, vocabulary.getAsInt()));
    }
    return facts;
  }

  private Optional<TokenizerFacts> readTokenizer() {
    try {
      return Optional.of(
          new TokenizerFacts(
              Tokenizer.vocabularySize(files.directory()),
              ChatTemplate.load(files.directory()).isPresent()));
    } catch (IOException e) {
      refuse("tokenizer", String.valueOf(e.getMessage()));
      return Optional.empty();
    }
  }
}
