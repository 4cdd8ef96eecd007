package io.moesaic.deploy.inspect;

import io.moesaic.deploy.daemon.ByteCount;
import io.moesaic.deploy.inspect.Inspection.Architecture;
import io.moesaic.deploy.inspect.Inspection.Kept;
import io.moesaic.deploy.inspect.Inspection.NodeShare;
import io.moesaic.deploy.inspect.Inspection.Parameters;
import io.moesaic.deploy.inspect.Inspection.Weights;
import io.moesaic.router.capacity.CapacityJson;
import io.moesaic.router.gate.PolicyJson;
import io.moesaic.router.gate.RoutingPolicy;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.stream.IntStream;

/// An inspection for people: the model, its parameters part by part, the nodes, and what stands in
/// the way.
public final class InspectionText {
  private InspectionText() {}

  /// The lines, without line ends.
  public static List<String> lines(Inspection inspection) {
    List<String> lines = new ArrayList<>();
    lines.add(
        "%s: %s, %s"
            .formatted(
                inspection.model(),
                inspection.family(),
                inspection.served() ? "served" : "NOT SERVED"));
    section(lines, facts(inspection));
    inspection.parameters().ifPresent(parameters -> section(lines, parts(parameters)));
    if (!inspection.nodes().isEmpty()) {
      section(lines, nodes(inspection.nodes()));
      lines.add("Experts are numbered layer by layer; of N nodes, each has every N-th.");
    }
    if (!inspection.refusals().isEmpty()) {
      List<List<String>> rows = new ArrayList<>();
      rows.add(List.of("REFUSED", "WHY"));
      inspection.refusals().forEach(refusal -> rows.add(List.of(refusal.what(), refusal.why())));
      section(lines, rows);
    }
    if (!inspection.notes().isEmpty()) {
      lines.add("");
      inspection.notes().forEach(note -> lines.add("Note: " + note));
    }
    return lines;
  }

  private static List<List<String>> facts(Inspection inspection) {
    List<List<String>> rows = new ArrayList<>();
    inspection.architecture().ifPresent(architecture -> describe(architecture, inspection, rows));
    inspection
        .parameters()
        .ifPresent(parameters -> rows.add(List.of("parameters", describe(parameters))));
    inspection.weights().ifPresent(weights -> rows.add(List.of("weights", describe(weights))));
    inspection
        .policy()
        .ifPresent(policy -> rows.add(List.of("routing", PolicyJson.write(policy).toString())));
    var capacity = inspection.capacity().map(CapacityJson::write);
    if (inspection.architecture().isPresent()) {
      rows.add(
          List.of(
              "capacity", capacity.map(Object::toString).orElse("none, experts take everything")));
    }
    inspection
        .kept()
        .ifPresent(
            kept ->
                rows.add(List.of("keys and values", describe(kept, inspection.routerMemory()))));
    inspection
        .tokenizer()
        .ifPresent(
            tokenizer ->
                rows.add(
                    List.of(
                        "tokenizer",
                        "%d ids, %s chat template"
                            .formatted(
                                tokenizer.vocabulary(), tokenizer.chatTemplate() ? "a" : "no"))));
    return rows;
  }

  private static void describe(
      Architecture architecture, Inspection inspection, List<List<String>> rows) {
    int layers = architecture.layers();
    int moeLayers = architecture.moeLayers();
    var which = layers == moeLayers ? "all" : Integer.toString(moeLayers);
    int encoder = architecture.encoderLayers();
    if (encoder > 0) {
      rows.add(
          List.of(
              "layers",
              "encoder %d, decoder %d, %s with experts"
                  .formatted(encoder, layers - encoder, which)));
      rows.add(
          List.of(
              "requests",
              "an encoder-decoder: completions only, and a prompt is encoded whole, in one step"));
    } else {
      rows.add(List.of("layers", "%d, %s with experts".formatted(layers, which)));
    }
    int experts = architecture.experts();
    var chosen = inspection.policy().map(policy -> chosen(policy, experts)).orElse("");
    rows.add(
        List.of(
            "experts",
            "%d in each layer, %d in all%s".formatted(experts, experts * moeLayers, chosen)));
    var expert = architecture.expert();
    rows.add(
        List.of("widths", "%d, in an expert %d".formatted(expert.hidden(), expert.intermediate())));
    architecture
        .vocabulary()
        .ifPresent(size -> rows.add(List.of("vocabulary", Integer.toString(size))));
  }

  private static String chosen(RoutingPolicy policy, int experts) {
    return ", %d for each token".formatted(policy.ranks(experts));
  }

  private static String describe(Parameters parameters) {
    var active = count(parameters.active());
    var without =
        parameters.looked() == 0
            ? ""
            : ", %s without the embeddings".formatted(count(parameters.activeWithoutEmbeddings()));
    return "%s, active for a token %s%s".formatted(count(parameters.total()), active, without);
  }

  private static String describe(Weights weights) {
    return "%s%s: %s, of which the router %s, each expert %s"
        .formatted(
            switch (weights.source()) {
              case HEADERS -> "";
              case CONFIG -> "none here, planned from config.json, ";
              case CONFIG_INSTEAD -> "planned from config.json, ";
            },
            weights.form(),
            ByteCount.format(weights.bytes()),
            ByteCount.format(weights.routerBytes()),
            ByteCount.format(weights.bytesPerExpert()));
  }

  private static String describe(Kept kept, OptionalLong routerMemory) {
    return "%s for each token, in float32: %s for %d (--kv-tokens)%s"
        .formatted(
            ByteCount.format(kept.bytesPerToken()),
            ByteCount.format(kept.bytes()),
            kept.tokens(),
            routerMemory.isPresent()
                ? "; with its weights the router takes at least "
                    + ByteCount.format(routerMemory.getAsLong())
                : "");
  }

  private static List<List<String>> parts(Parameters parameters) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("PART", "PARAMETERS", "SHARE"));
    parameters
        .byPart()
        .forEach(
            (part, count) ->
                rows.add(
                    List.of(
                        part.label(),
                        count(count),
                        String.format(
                            Locale.ROOT, "%.1f %%", 100.0 * count / parameters.total()))));
    return rows;
  }

  private static List<List<String>> nodes(List<NodeShare> nodes) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("EXPERT NODES", "EXPERTS OF EACH", "WEIGHTS AT MOST"));
    for (var share : nodes) {
      rows.add(
          List.of(
              Integer.toString(share.nodes()),
              share.fewest() == share.most()
                  ? Integer.toString(share.most())
                  : "%d or %d".formatted(share.fewest(), share.most()),
              ByteCount.format(share.bytes())));
    }
    return rows;
  }

  /// A number of parameters: `46.7 billion`, `8.13 million`, `91152`.
  static String count(long parameters) {
    if (parameters < 1_000_000) {
      return Long.toString(parameters);
    }
    double value = parameters < 1_000_000_000 ? parameters / 1e6 : parameters / 1e9;
    var unit = parameters < 1_000_000_000 ? "million" : "billion";
    var pattern = value < 9.995 ? "%.2f %s" : "%.1f %s";
    return String.format(Locale.ROOT, pattern, value, unit);
  }

  /// Rows below each other in columns, after an empty line.
  private static void section(List<String> lines, List<List<String>> rows) {
    if (rows.isEmpty()) {
      return;
    }
    int columns = rows.getFirst().size();
    var widths =
        IntStream.range(0, columns)
            .map(column -> Collections.max(rows.stream().map(r -> r.get(column).length()).toList()))
            .toArray();
    lines.add("");
    for (var row : rows) {
      var line = new StringBuilder();
      for (int column = 0; column < columns; column++) {
        var cell = row.get(column);
        line.append(cell).repeat(" ", widths[column] - cell.length() + 2);
      }
      lines.add(line.toString().stripTrailing());
    }
  }
}
