package io.moesaic.router.trunk;

import io.moesaic.tensor.DType;
import io.moesaic.tensor.checkpoint.ModelConfig;
import java.util.List;
import java.util.Optional;

/// How positions turn queries and keys.
///
/// @param width of what is turned, even
/// @param theta base of the frequencies
/// @param type of the frequencies, F32 or BF16
/// @param yarn how the frequencies are stretched to longer contexts, if they are
record Rotary(int width, float theta, DType type, Optional<Yarn> yarn) {
  Rotary {
    if (width < 2 || width % 2 != 0) {
      throw new IllegalArgumentException(
          "rotary width is " + width + ", must be even and at least 2");
    }
  }

  /// Reads the spelling of transformers 4 (`rope_theta`, `rope_scaling`) or 5 (`rope_parameters`).
  static Rotary of(ModelConfig config, int width) {
    var rope = config.section("rope_parameters").or(() -> config.section("rope_scaling"));
    var where = rope.orElse(config);
    for (var section : List.of(config, where)) {
      if (section.positiveOr("partial_rotary_factor", 1) != 1) {
        throw section.invalid("partial_rotary_factor", "must be 1: only whole heads are turned");
      }
    }
    float theta = (where.has("rope_theta") ? where : config).positive("rope_theta");
    return new Rotary(width, theta, DType.F32, rope.flatMap(r -> yarn(config, r)));
  }

  private static Optional<Yarn> yarn(ModelConfig config, ModelConfig rope) {
    var key = rope.has("rope_type") ? "rope_type" : "type";
    return switch (rope.text(key).orElse("default")) {
      case "default" -> Optional.empty();
      case "yarn" -> Optional.of(Yarn.of(config, rope));
      default -> throw rope.invalid(key, "must be \"default\" or \"yarn\"");
    };
  }

  Rotary withType(DType other) {
    return new Rotary(width, theta, other, yarn);
  }
}
