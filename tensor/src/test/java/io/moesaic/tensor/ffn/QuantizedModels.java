package io.moesaic.tensor.ffn;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.moesaic.tensor.DType;
import io.moesaic.tensor.Quantizer;
import io.moesaic.tensor.Shape;
import io.moesaic.tensor.Tensor;
import io.moesaic.tensor.TestModels;
import io.moesaic.tensor.Weight;
import io.moesaic.tensor.checkpoint.Checkpoint;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/// Quantized models, made from golden ones, each with a twin that has the same weights in float32:
/// whatever is computed from the one has the bits of what is computed from the other.
public final class QuantizedModels {
  private static final int EXPERTS = 8;
  private static final int HIDDEN = 32;
  private static final int INTERMEDIATE = 48;

  /// MXFP4 needs a multiple of 32. The experts are widened with zeros, which change no output.
  private static final int WIDE = 64;

  private QuantizedModels() {}

  /// @param quantized a model directory
  /// @param widened another, the same weights in float32
  public record Twins(Path quantized, Path widened) {}

  /// gpt-oss as it is published: experts in MXFP4, everything else as it was.
  ///
  /// @param directory where the two model directories are made
  public static Twins mxfp4(Path directory) throws IOException {
    var model = TestModels.gptOss();
    Map<String, Tensor> quantized = new LinkedHashMap<>();
    Map<String, Tensor> widened = new LinkedHashMap<>();
    try (var checkpoint = Checkpoint.open(model);
        var arena = Arena.ofConfined()) {
      for (var name : checkpoint.names()) {
        if (name.endsWith("experts.gate_up_proj_bias")) {
          var bias = padded(checkpoint.map(name, arena), 1, 2 * INTERMEDIATE, 1, 2 * WIDE);
          quantized.put(name, bias);
          widened.put(name, bias);
        } else if (name.endsWith("experts.gate_up_proj")) {
          var wide =
              padded(checkpoint.map(name, arena), HIDDEN, 2 * INTERMEDIATE, HIDDEN, 2 * WIDE);
          putMxfp4(wide, quantized, widened);
        } else if (name.endsWith("experts.down_proj")) {
          var wide = padded(checkpoint.map(name, arena), INTERMEDIATE, HIDDEN, WIDE, HIDDEN);
          putMxfp4(wide, quantized, widened);
        } else {
          var tensor = checkpoint.map(name, arena);
          quantized.put(name, tensor);
          widened.put(name, tensor);
        }
      }
      var config =
          Files.readString(model.resolve("config.json"))
              .replace("\"intermediate_size\": 48", "\"intermediate_size\": " + WIDE);
      return new Twins(
          write(
              model,
              directory.resolve("gpt_oss_mxfp4"),
              quantizedBy(config, "{\"quant_method\": \"mxfp4\"}"),
              quantized),
          write(model, directory.resolve("gpt_oss_widened"), config, widened));
    }
  }

  /// DeepSeek-V3 as it is published: all linear layers in FP8, but for gates and the head.
  ///
  /// @param directory where the two model directories are made
  public static Twins fp8(Path directory) throws IOException {
    return fp8(
        directory, name -> name.endsWith("_proj.weight") || name.endsWith("_proj_with_mqa.weight"));
  }

  /// DeepSeek-V3 with nothing but the routed experts in FP8.
  ///
  /// @param directory where the two model directories are made
  public static Twins fp8Experts(Path directory) throws IOException {
    return fp8(directory, name -> name.contains(".mlp.experts."));
  }

  private static Twins fp8(Path directory, Predicate<String> linear) throws IOException {
    var model = TestModels.deepseekV3();
    Map<String, Tensor> quantized = new LinkedHashMap<>();
    Map<String, Tensor> widened = new LinkedHashMap<>();
    try (var checkpoint = Checkpoint.open(model);
        var arena = Arena.ofConfined()) {
      for (var name : checkpoint.names()) {
        var tensor = checkpoint.map(name, arena);
        if (linear.test(name)) {
          var fp8 = Quantizer.fp8(name, Weight.of(tensor));
          quantized.put(name, fp8.values());
          quantized.put(fp8.scales().name(), fp8.scales());
          widened.put(name, Quantizer.widened(name, fp8));
        } else {
          quantized.put(name, tensor);
          widened.put(name, tensor);
        }
      }
      var config = Files.readString(model.resolve("config.json"));
      var method =
          "{\"quant_method\": \"fp8\", \"fmt\": \"e4m3\", \"activation_scheme\": \"dynamic\","
              + " \"weight_block_size\": [128, 128]}";
      return new Twins(
          write(
              model, directory.resolve("deepseek_v3_fp8"), quantizedBy(config, method), quantized),
          write(model, directory.resolve("deepseek_v3_widened"), config, widened));
    }
  }

  private static String quantizedBy(String config, String method) {
    return config.replaceFirst("\\{", "{\"quantization_config\": " + method + ",");
  }

  /// A tensor of all experts, `[EXPERTS, rows, columns]`, with more rows and columns, all zeros.
  /// With one row, `[EXPERTS, columns]`.
  private static Tensor padded(Tensor tensor, int rows, int columns, int toRows, int toColumns) {
    var values = new float[EXPERTS * toRows * toColumns];
    for (int i = 0; i < EXPERTS * rows * columns; i++) {
      int expert = i / (rows * columns);
      int row = i / columns % rows;
      values[(expert * toRows + row) * toColumns + i % columns] = tensor.getFloat(i);
    }
    var shape = rows == 1 ? Shape.of(EXPERTS, toColumns) : Shape.of(EXPERTS, toRows, toColumns);
    return new Tensor(tensor.name(), DType.F32, shape, bytes(values));
  }

  private static MemorySegment bytes(float[] values) {
    var bytes = ByteBuffer.allocate(values.length * 4).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return MemorySegment.ofArray(bytes.array());
  }

  /// @param stack `[EXPERTS, inputs, outputs]`
  private static void putMxfp4(
      Tensor stack, Map<String, Tensor> quantized, Map<String, Tensor> widened) {
    int inputs = (int) stack.shape().dim(1);
    int outputs = (int) stack.shape().dim(2);
    long bytes = stack.data().byteSize() / EXPERTS;
    List<Tensor> codes = new ArrayList<>();
    List<Tensor> scales = new ArrayList<>();
    var floats = new float[EXPERTS * inputs * outputs];
    for (int expert = 0; expert < EXPERTS; expert++) {
      var data = stack.data().asSlice(expert * bytes, bytes);
      var entry = new Tensor(stack.name(), DType.F32, Shape.of(inputs, outputs), data);
      var mxfp4 = Quantizer.mxfp4(stack.name(), Weight.transposed(entry));
      codes.add(mxfp4.codes());
      scales.add(mxfp4.scales());
      for (int i = 0; i < inputs * outputs; i++) {
        floats[expert * inputs * outputs + i] = mxfp4.get(i % outputs, i / outputs);
      }
    }
    for (var parts : List.of(codes, scales)) {
      var tensor = stacked(parts);
      quantized.put(tensor.name(), tensor);
    }
    widened.put(stack.name(), new Tensor(stack.name(), DType.F32, stack.shape(), bytes(floats)));
  }

  private static Tensor stacked(List<Tensor> entries) {
    var first = entries.getFirst();
    var data = new ByteArrayOutputStream();
    entries.forEach(entry -> data.writeBytes(entry.data().toArray(JAVA_BYTE)));
    var dims = new long[first.shape().rank() + 1];
    dims[0] = entries.size();
    for (int axis = 1; axis < dims.length; axis++) {
      dims[axis] = first.shape().dim(axis - 1);
    }
    return new Tensor(
        first.name(), first.dtype(), Shape.of(dims), MemorySegment.ofArray(data.toByteArray()));
  }

  /// Writes a model directory, with all that the golden one has besides weights and configuration.
  private static Path write(Path golden, Path directory, String config, Map<String, Tensor> tensors)
      throws IOException {
    ModelFiles.write(directory, config, tensors.values());
    for (var file : List.of("tokenizer.json", "generation_config.json")) {
      Files.copy(golden.resolve(file), directory.resolve(file));
    }
    return directory;
  }
}
