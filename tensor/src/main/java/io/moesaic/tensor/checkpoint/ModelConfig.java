package io.moesaic.tensor.checkpoint;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The values of a model's `config.json`, each checked when it is read: an error names the key, the
/// value and the bound. A key whose value is null counts as absent.
public final class ModelConfig {
  static final String FILE = "config.json";
  private static final int MAX_BYTES = 1 << 20;

  private final Path file;
  private final String prefix;
  private final Map<String, Json> members;

  private ModelConfig(Path file, String prefix, Map<String, Json> members) {
    this.file = file;
    this.prefix = prefix;
    this.members = members;
  }

  /// Reads `config.json` of a model directory.
  ///
  /// @throws CheckpointException when it is missing or no JSON object
  public static ModelConfig read(Path directory) {
    return readFile(directory.resolve(FILE));
  }

  /// Reads a file of the same kind, such as `generation_config.json`.
  public static ModelConfig readFile(Path file) {
    if (!(Checkpoint.readJson(file, MAX_BYTES) instanceof Json.Fields(var members))) {
      throw new CheckpointException(file, "is not a JSON object");
    }
    return new ModelConfig(file, "", members);
  }

  private Optional<Json> get(String key) {
    return Optional.ofNullable(members.get(key)).filter(value -> !(value instanceof Json.Null));
  }

  public boolean has(String key) {
    return get(key).isPresent();
  }

  /// The members of a nested object whose keys somebody else defines.
  public Optional<Map<String, Json>> members(String key) {
    return section(key).map(nested -> nested.members);
  }

  /// A nested object, such as `rope_parameters`.
  public Optional<ModelConfig> section(String key) {
    return get(key)
        .map(
            value -> {
              if (value instanceof Json.Fields(var nested)) {
                return new ModelConfig(file, prefix + key + ".", nested);
              }
              throw invalid(key, "must be an object");
            });
  }

  /// An integer that must be there.
  public int integer(String key, int min, int max) {
    return get(key).map(value -> integer(key, value, min, max)).orElseThrow(() -> missing(key));
  }

  public int integerOr(String key, int otherwise, int min, int max) {
    return get(key).map(value -> integer(key, value, min, max)).orElse(otherwise);
  }

  private int integer(String key, Json value, int min, int max) {
    if (value instanceof Json.Numeral(var text) && text.matches("-?[0-9]{1,18}")) {
      long number = Long.parseLong(text);
      if (number >= min && number <= max) {
        return (int) number;
      }
    }
    throw invalid(key, "must be an integer from " + min + " to " + max);
  }

  /// One integer or a list of integers, as for `eos_token_id`; none when absent.
  public int[] integers(String key, int min, int max) {
    return switch (get(key).orElse(new Json.Items(List.of()))) {
      case Json.Items(var items) ->
          items.stream().mapToInt(item -> integer(key, item, min, max)).toArray();
      case Json value -> new int[] {integer(key, value, min, max)};
    };
  }

  /// A list of strings; none when absent.
  public List<String> texts(String key) {
    if (!has(key)) {
      return List.of();
    }
    if (get(key).orElseThrow() instanceof Json.Items(var items)
        && items.stream().allMatch(Json.Text.class::isInstance)) {
      return items.stream().map(item -> ((Json.Text) item).value()).toList();
    }
    throw invalid(key, "must be a list of strings");
  }

  /// A finite number greater than zero.
  public float positive(String key) {
    return get(key)
        .map(
            value -> {
              if (value instanceof Json.Numeral number) {
                float v = (float) number.asDouble();
                if (v > 0 && v < Float.POSITIVE_INFINITY) {
                  return v;
                }
              }
              throw invalid(key, "must be a number greater than 0");
            })
        .orElseThrow(() -> missing(key));
  }

  /// A finite number greater than zero.
  public float positiveOr(String key, float otherwise) {
    return has(key) ? positive(key) : otherwise;
  }

  public boolean flagOr(String key, boolean otherwise) {
    return get(key)
        .map(
            value -> {
              if (value instanceof Json.Flag(boolean flag)) {
                return flag;
              }
              throw invalid(key, "must be true or false");
            })
        .orElse(otherwise);
  }

  public Optional<String> text(String key) {
    return get(key)
        .map(
            value -> {
              if (value instanceof Json.Text(var text)) {
                return text;
              }
              throw invalid(key, "must be a string");
            });
  }

  /// An error about a key of this file, with the value that stands there.
  public CheckpointException invalid(String key, String rule) {
    var shown =
        switch (get(key).orElse(new Json.Null())) {
          case Json.Fields _ -> "an object";
          case Json.Items _ -> "a list";
          case Json.Text(var text) -> "\"" + CheckpointException.abbreviated(text) + "\"";
          case Json.Numeral(var text) -> CheckpointException.abbreviated(text);
          case Json.Flag(var flag) -> Boolean.toString(flag);
          case Json.Null _ -> "absent";
        };
    return new CheckpointException(file, "\"%s%s\" is %s, %s".formatted(prefix, key, shown, rule));
  }

  private CheckpointException missing(String key) {
    return new CheckpointException(file, "\"" + prefix + key + "\" is missing");
  }
}
