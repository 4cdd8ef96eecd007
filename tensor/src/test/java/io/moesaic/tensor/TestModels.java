package io.moesaic.tensor;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// The models that tests run on.
public final class TestModels {
  private static final Path ROOT = Path.of(System.getProperty("moesaic.root", ".."));

  private static final Path GOLDEN = ROOT.resolve("tensor/src/test/golden");

  private TestModels() {}

  private static Path golden(String family) {
    return GOLDEN.resolve(family);
  }

  /// Every model that is there with what the reference computes from it.
  public static List<Path> goldens() {
    try (var models = Files.list(GOLDEN)) {
      return models.filter(Files::isDirectory).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// A tiny random Mixtral in float32, one file, with what the reference computes from it.
  public static Path mixtral() {
    return golden("mixtral");
  }

  /// The same family in bfloat16, in four files with an index.
  public static Path shardedBf16() {
    return golden("mixtral_sharded_bf16");
  }

  /// One tensor for each matrix of each expert.
  public static Path olmoe() {
    return golden("olmoe");
  }

  /// With a shared expert behind a gate of its own.
  public static Path qwen2Moe() {
    return golden("qwen2_moe");
  }

  /// Normalised gate weights, and heads wider than their share of the hidden size.
  public static Path qwen3Moe() {
    return golden("qwen3_moe");
  }

  /// All experts of a layer in one tensor, gate above up.
  public static Path graniteMoe() {
    return golden("granitemoe");
  }

  /// All experts of a layer in one tensor, transposed, gate and up interleaved, with biases.
  public static Path gptOss() {
    return golden("gpt_oss");
  }

  /// The first layer dense, two shared experts, groups of experts.
  public static Path deepseekV2() {
    return golden("deepseek_v2");
  }

  /// The first layer dense, sigmoid scores with a correction.
  public static Path deepseekV3() {
    return golden("deepseek_v3");
  }

  /// An encoder and a decoder, every second block sparse, ReLU experts.
  public static Path switchTransformers() {
    return golden("switch_transformers");
  }

  /// The same with room for 3 tokens per expert: most choices are dropped.
  public static Path switchTransformersTight() {
    return golden("switch_transformers_tight");
  }

  /// The bundled model: trained, so that its gate is skewed and its text reads like English.
  public static Path demo() {
    return ROOT.resolve("deploy/models/moesaic-demo");
  }
}
