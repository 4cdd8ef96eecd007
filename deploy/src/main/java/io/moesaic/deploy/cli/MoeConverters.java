package io.moesaic.deploy.cli;

import io.moesaic.router.capacity.CapacityJson;
import io.moesaic.router.capacity.CapacityPolicy;
import io.moesaic.router.capacity.RequestCapacity;
import io.moesaic.router.gate.PolicyJson;
import io.moesaic.router.gate.RoutingPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// How policies are read from command lines: short where a word or a number says it, as JSON, or
/// from a file of JSON.
final class MoeConverters {
  private MoeConverters() {}

  /// `switch_top_1`, `{"type": ...}` or the name of a file.
  static RoutingPolicy routing(String text) {
    if (text.matches("[a-z_0-9]+")) {
      return PolicyJson.parse("{\"type\": \"" + text + "\"}");
    }
    return PolicyJson.parse(
        json(text, "a type such as switch_top_1, JSON such as {\"type\": ...}"));
  }

  /// `none`, `1.25`, `{"factor": 1.25, ...}` or the name of a file.
  static CapacityPolicy capacity(String text) {
    if (text.equals("none")) {
      return CapacityPolicy.DROPLESS;
    }
    if (isNumber(text)) {
      return CapacityJson.parse("{\"factor\": " + Double.parseDouble(text) + "}");
    }
    return CapacityJson.parse(
        json(text, "none, a factor such as 1.25, JSON such as {\"factor\": 1.25}"));
  }

  /// `any`, `none` or a factor.
  static RequestCapacity requestCapacity(String text) {
    if (isNumber(text)) {
      return new RequestCapacity(true, Double.parseDouble(text));
    }
    return switch (text) {
      case "any" -> RequestCapacity.ANY;
      case "none" -> RequestCapacity.NONE;
      default ->
          throw new IllegalArgumentException(
              "is \"%s\", must be any, none or a least factor such as 0.5".formatted(text));
    };
  }

  private static boolean isNumber(String text) {
    return text.matches("-?[0-9]+(\\.[0-9]+)?");
  }

  /// @param others what the text may be instead, for the complaint
  private static String json(String text, String others) {
    if (text.stripLeading().startsWith("{")) {
      return text;
    }
    try {
      return Files.readString(Path.of(text));
    } catch (IOException | IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "is \"%s\", must be %s, or the name of a file that can be read".formatted(text, others),
          e);
    }
  }
}
