package io.moesaic.deploy.inspect;

import io.moesaic.tensor.DType;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.checkpoint.TensorInfo;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/// What the headers of a checkpoint hold of a model, and what they hold beside it. No weight is
/// read.
final class Headers {
  private static final Pattern LAYER = Pattern.compile("model\\.layers\\.(\\d{1,9})\\..+");
  private static final Set<String> COPIES =
      Set.of("lm_head.weight", "encoder.embed_tokens.weight", "decoder.embed_tokens.weight");
  private static final int SHOWN = 3;

  private final Map<DType, Long> bytesByType = new EnumMap<>(DType.class);
  private final List<String> problems = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();
  private long bytes;
  private long parameters;

  private Headers() {}

  static Headers of(Checkpoint checkpoint, Inventory inventory) {
    var headers = new Headers();
    Set<String> used = new HashSet<>();
    List<String> missing = new ArrayList<>();
    for (var entry : inventory.entries()) {
      if (!headers.count(checkpoint, entry, used)) {
        missing.add(entry.name());
      }
    }
    if (!missing.isEmpty()) {
      headers.problems.add("has no " + named(missing));
    }
    headers.explainOthers(checkpoint, inventory, used);
    return headers;
  }

  /// Adds up the tensors that one is stored as, if it is.
  private boolean count(Checkpoint checkpoint, Inventory.Entry entry, Set<String> used) {
    var name = entry.name();
    if (!checkpoint.has(name) && checkpoint.has(name + "_blocks")) {
      var codes = add(checkpoint, name + "_blocks", used);
      // Two weights to a byte.
      parameters += 2 * codes.shape().elements();
      checkCount(entry, 2 * codes.shape().elements());
      return scales(checkpoint, name + "_scales", used);
    }
    if (!checkpoint.has(name)) {
      return false;
    }
    var info = add(checkpoint, name, used);
    parameters += info.shape().elements();
    if (!info.shape().equals(entry.shape())) {
      problems.add(
          "\"%s\" is %s, but config.json makes it %s".formatted(name, info.shape(), entry.shape()));
    }
    if (info.dtype() == DType.F8_E4M3) {
      return scales(checkpoint, name + "_scale_inv", used);
    }
    if (!info.dtype().widensToFloat()) {
      problems.add(
          "\"%s\" is %s, but F32, BF16, F16, and FP8 or MXFP4 with scales are served"
              .formatted(name, info.dtype()));
    }
    return true;
  }

  private boolean scales(Checkpoint checkpoint, String name, Set<String> used) {
    if (checkpoint.has(name)) {
      add(checkpoint, name, used);
    } else {
      problems.add("has no scales \"" + name + "\"");
    }
    return true;
  }

  private void checkCount(Inventory.Entry entry, long stored) {
    if (stored != entry.shape().elements()) {
      problems.add(
          "\"%s_blocks\" holds %d weights, but config.json makes it %d"
              .formatted(entry.name(), stored, entry.shape().elements()));
    }
  }

  private TensorInfo add(Checkpoint checkpoint, String name, Set<String> used) {
    used.add(name);
    var info = checkpoint.info(name);
    bytes += info.bytes();
    bytesByType.merge(info.dtype(), info.bytes(), Long::sum);
    return info;
  }

  /// Says of each tensor that the model does not use why not; what cannot be explained is a part of
  /// a model that we do not know.
  private void explainOthers(Checkpoint checkpoint, Inventory inventory, Set<String> used) {
    Map<String, List<String>> others = new TreeMap<>();
    List<String> unknown = new ArrayList<>();
    for (var name : checkpoint.names()) {
      if (!used.contains(name)) {
        harmless(name, inventory)
            .ifPresentOrElse(
                reason -> others.computeIfAbsent(reason, _ -> new ArrayList<>()).add(name),
                () -> unknown.add(name));
      }
    }
    others.forEach(
        (reason, names) ->
            notes.add(
                "not used: %s: %s".formatted(named(names.stream().sorted().toList()), reason)));
    if (!unknown.isEmpty()) {
      var names = unknown.stream().sorted().toList();
      problems.add(
          "has %s, which Moesaic does not compute with: it is no such model as its config.json says"
              .formatted(named(names)));
    }
  }

  private static Optional<String> harmless(String name, Inventory inventory) {
    if (name.endsWith("rotary_emb.inv_freq")) {
      return Optional.of("a buffer, which is computed");
    }
    if (COPIES.contains(name) && !inventory.has(name)) {
      return Optional.of("a copy of the embeddings");
    }
    var layer = LAYER.matcher(name);
    if (layer.matches() && Integer.parseInt(layer.group(1)) >= inventory.layers()) {
      return Optional.of("layers past the last, which predict further tokens");
    }
    return Optional.empty();
  }

  private static String named(List<String> names) {
    var first = String.join(", ", names.subList(0, Math.min(SHOWN, names.size())));
    int more = names.size() - SHOWN;
    return more > 0 ? "%s and %d more tensors".formatted(first, more) : first;
  }

  /// Weights of the model, those that are packed into bytes counted each; scales are not.
  long parameters() {
    return parameters;
  }

  /// Bytes of the model's tensors.
  long bytes() {
    return bytes;
  }

  /// The types of the model's tensors, that of most bytes first.
  List<DType> types() {
    return bytesByType.entrySet().stream()
        .sorted(Map.Entry.<DType, Long>comparingByValue().reversed())
        .map(Map.Entry::getKey)
        .toList();
  }

  /// Why the model cannot be served from it.
  List<String> problems() {
    return List.copyOf(problems);
  }

  List<String> notes() {
    return List.copyOf(notes);
  }
}
