package io.moesaic.deploy.inspect;

import io.moesaic.tensor.DType;
import io.moesaic.tensor.Float4;
import io.moesaic.tensor.Shape;
import io.moesaic.tensor.Weight;
import io.moesaic.tensor.checkpoint.ModelConfig;
import java.util.Locale;

/// How a checkpoint stores its tensors by what `config.json` says: for plans, when there is no
/// checkpoint yet.
///
/// @param plain type of what is not quantized
record StoredForm(DType plain, Quantization quantization) {
  enum Quantization {
    NONE,
    /// The experts, as in gpt-oss: half a byte for each weight, and a byte for each 32 inputs.
    MXFP4,
    /// All products but gates, embeddings and head, as in DeepSeek-V3: a byte for each weight, and
    /// a float32 for each block of 128 x 128.
    FP8
  }

  /// @throws io.moesaic.tensor.checkpoint.CheckpointException for a type or a quantization that is
  ///     not served
  static StoredForm of(ModelConfig config) {
    var key = config.has("dtype") ? "dtype" : "torch_dtype";
    var plain =
        switch (config.text(key).orElse("float32")) {
          case "float32" -> DType.F32;
          case "bfloat16" -> DType.BF16;
          case "float16" -> DType.F16;
          default -> throw config.invalid(key, "must be float32, bfloat16 or float16");
        };
    var section = config.section("quantization_config");
    if (section.isEmpty()) {
      return new StoredForm(plain, Quantization.NONE);
    }
    var quantized = section.get();
    return switch (quantized.text("quant_method").orElse("")) {
      case "mxfp4" -> new StoredForm(plain, Quantization.MXFP4);
      case "fp8" -> new StoredForm(plain, Quantization.FP8);
      default -> throw quantized.invalid("quant_method", "must be mxfp4 or fp8");
    };
  }

  long bytes(Inventory.Entry entry) {
    var shape = entry.shape();
    long whole = shape.elements() * plain.bytes();
    return switch (quantization) {
      case NONE -> whole;
      case MXFP4 ->
          entry.part() == Part.EXPERTS && shape.rank() == 3
              ? shape.elements() / 2 + shape.elements() / Float4.BLOCK
              : whole;
      case FP8 -> isProduct(entry) ? shape.elements() + blocks(shape) * Float.BYTES : whole;
    };
  }

  /// Of a tensor that is no expert's.
  DType type(Inventory.Entry entry) {
    return quantization == Quantization.FP8 && isProduct(entry) ? DType.F8_E4M3 : plain;
  }

  private static boolean isProduct(Inventory.Entry entry) {
    return switch (entry.part()) {
      case ATTENTION, DENSE_BLOCKS, SHARED_EXPERTS, EXPERTS -> entry.shape().rank() == 2;
      case EMBEDDINGS, HEAD, NORMS, GATES -> false;
    };
  }

  private static long blocks(Shape shape) {
    return Math.ceilDiv(shape.dim(0), Weight.Fp8.BLOCK)
        * Math.ceilDiv(shape.dim(1), Weight.Fp8.BLOCK);
  }

  /// For people: `bf16, experts in MXFP4`.
  String describe() {
    var type = plain.name().toLowerCase(Locale.ROOT);
    return switch (quantization) {
      case NONE -> type;
      case MXFP4 -> type + ", experts in MXFP4";
      case FP8 -> type + ", products in FP8";
    };
  }
}
