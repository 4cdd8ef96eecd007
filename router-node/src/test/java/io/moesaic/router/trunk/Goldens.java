package io.moesaic.router.trunk;

import io.moesaic.tensor.TestModels;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// Models with what transformers 5.18 computes from them, in float32.
final class Goldens {
  private static final Path ROOT = Path.of(System.getProperty("moesaic.root", ".."));

  private Goldens() {}

  /// Each family as it usually is.
  static final List<Path> FAMILIES =
      List.of(
          TestModels.mixtral(),
          TestModels.olmoe(),
          TestModels.qwen2Moe(),
          TestModels.qwen3Moe(),
          TestModels.graniteMoe(),
          TestModels.gptOss(),
          TestModels.deepseekV2(),
          TestModels.deepseekV3());

  /// What families allow besides, in trunks without experts and over several blocks of positions:
  /// windows, dense layers, biases, clipped and tied weights, stretched frequencies, uncompressed
  /// queries, latents and heads that are no multiple of a panel. The DeepSeek configurations are in
  /// the spelling of transformers 4.
  static final List<Path> VARIANTS =
      Stream.of(
              "olmoe_clipped",
              "qwen2_moe_mixed",
              "qwen3_moe_window",
              "gpt_oss_long",
              "deepseek_v2_lite",
              "deepseek_v3_halves")
          .map(name -> ROOT.resolve("router-node/src/test/golden").resolve(name))
          .toList();

  /// Encoders with a decoder: the family twice, the second with real drops, and a variant without
  /// experts, over several blocks of positions, of unequal halves, with a head of its own.
  static final List<Path> ENCODER_DECODERS =
      List.of(
          TestModels.switchTransformers(),
          TestModels.switchTransformersTight(),
          ROOT.resolve("router-node/src/test/golden/switch_long"));

  /// Decoders.
  static Stream<Path> all() {
    return Stream.concat(FAMILIES.stream(), VARIANTS.stream());
  }
}
