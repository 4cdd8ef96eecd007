package io.moesaic.deploy.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.moesaic.deploy.spelling.NearestName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/// A daemon's settings in a YAML file: one `key: value` each, where a value may be a list.
///
/// ```yaml
///   http: 127.0.0.1:8080
///   experts:
///     - 10.0.0.1:9000
///     - 10.0.0.2:9000
///   capacity:
///     factor: 1.25
/// ```
///
/// @param values by key, as on the command line: a list's items are joined by commas, and what has
///     keys of its own is JSON
record ConfigFile(Path path, Map<String, String> values) {
  /// @param keys those that the daemon knows
  /// @throws CommandFailure when the file cannot be read, or has other keys
  static ConfigFile read(Path path, Set<String> keys) {
    var fields = parse(path);
    Map<String, String> values = new LinkedHashMap<>();
    for (var field : fields.properties()) {
      var key = field.getKey();
      if (!keys.contains(key)) {
        throw new CommandFailure(
            "%s has the unknown key \"%s\"%s; the keys are %s"
                .formatted(
                    path,
                    key,
                    NearestName.hint(key, keys),
                    keys.stream().sorted().collect(Collectors.joining(", "))));
      }
      values.put(key, text(path, key, field.getValue()));
    }
    return new ConfigFile(path, values);
  }

  private static JsonNode parse(Path path) {
    try {
      var tree =
          new ObjectMapper(new YAMLFactory())
              .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
              .readTree(Files.readAllBytes(path));
      if (tree.isObject() || tree.isMissingNode()) {
        return tree;
      }
      throw new CommandFailure(path + " must hold one \"key: value\" on each line");
    } catch (JsonProcessingException e) {
      throw new CommandFailure(path + " is not YAML: " + e.getOriginalMessage(), e);
    } catch (NoSuchFileException e) {
      throw new CommandFailure("configuration file " + path + " does not exist", e);
    } catch (IOException e) {
      throw new CommandFailure(
          "configuration file " + path + " cannot be read: " + e.getMessage(), e);
    }
  }

  private static String text(Path path, String key, JsonNode value) {
    if (value.isValueNode() && !value.isNull()) {
      return value.asText();
    }
    if (value.isArray()) {
      return StreamSupport.stream(value.spliterator(), false)
          .map(item -> text(path, key, item))
          .collect(Collectors.joining(","));
    }
    if (value.isObject()) {
      return value.toString();
    }
    throw new CommandFailure(path + ": \"" + key + "\" has no value");
  }
}
