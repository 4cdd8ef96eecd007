package io.moesaic.deploy.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moesaic.deploy.dev.ClusterProgress;
import io.moesaic.deploy.verify.Verification;
import io.moesaic.deploy.verify.VerificationReport;
import io.moesaic.tensor.DType;
import io.moesaic.tensor.checkpoint.ModelConfig;
import io.moesaic.wire.WireType;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `moesaic verify`: a checkpoint against what the reference implementation computed from it.
@Command(
    name = "verify",
    description = {
      "Compares a model with what a reference computed from it.",
      "Runs the prompts of an expected.safetensors through a cluster on this machine, and compares",
      "logits, MoE blocks, choices of experts and greedy tokens with what is written there."
    },
    footer = {
      "%nThe file holds what a reference implementation computed: input_ids and logits, and if you",
      "like hidden_in.<layer>, hidden_out.<layer>, topk_index.<layer> and greedy_ids. Of an",
      "encoder-decoder it has decoder_input_ids too.",
      "%nExamples:",
      "  The model that comes with Moesaic, on five expert nodes:",
      "    moesaic verify --experts 5",
      "  A checkpoint of yours:",
      "    moesaic verify --model models/mixtral-8x7b --expected expected.safetensors"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class VerifyCommand implements Callable<Integer> {
  private static final int OUTSIDE = 1;

  @Spec CommandSpec spec;

  @Mixin ClusterOptions cluster;

  @Option(
      names = "--expected",
      paramLabel = "FILE",
      description = "What to compare with; default: expected.safetensors in the model's directory.")
  @Nullable Path expected;

  @Option(
      names = "--tolerance",
      paramLabel = "E",
      defaultValue = "1e-4",
      description = {
        "Largest error of a logit that passes, in standard deviations of the logits where that is",
        "above 1; default: ${DEFAULT-VALUE}."
      })
  double tolerance;

  @Option(
      names = "--rotary",
      paramLabel = "f32|bf16",
      description = {
        "Type of the rotary frequencies. A reference that was cast to bfloat16 as a whole has",
        "rounded them too. Default: f32, and for a bfloat16 checkpoint that fails, then bf16."
      })
  @Nullable WireType rotary;

  @Option(names = "--json", description = "Print one JSON object.")
  boolean json;

  @Override
  public Integer call() throws InterruptedException, JsonProcessingException {
    var local = cluster.spec();
    var file = expected == null ? ownExpectations(local.model()) : expected;
    var report =
        new Verification(local, file, tolerance)
            .run(rotaries(local.model()), ClusterProgress.SILENT);
    var out = spec.commandLine().getOut();
    if (json) {
      out.println(json(report));
    } else {
      print(report, out);
    }
    return report.passed() ? 0 : OUTSIDE;
  }

  private static Path ownExpectations(Path directory) {
    var file = directory.resolve("expected.safetensors");
    if (!Files.exists(file)) {
      throw new CommandFailure(
          "%s has no expected.safetensors: say what to compare with, --expected FILE"
              .formatted(directory));
    }
    return file;
  }

  private List<DType> rotaries(Path directory) {
    if (rotary != null) {
      return List.of(rotary == WireType.BF16 ? DType.BF16 : DType.F32);
    }
    var config = ModelConfig.read(directory);
    var type = config.text("dtype").or(() -> config.text("torch_dtype")).orElse("");
    return type.equals("bfloat16") ? List.of(DType.F32, DType.BF16) : List.of(DType.F32);
  }

  private static void print(VerificationReport report, PrintWriter out) {
    out.printf(
        "%s on %d expert node%s, wire %s%n%n",
        report.model(), report.experts(), report.experts() == 1 ? "" : "s", report.wire());
    out.printf("%-9s  %-11s  %-11s  %s%n", "MOE LAYER", "INPUT", "OUTPUT", "CHOICES");
    for (var layer : report.layers()) {
      out.printf(
          "%-9d  %-11s  %-11s  %s%n",
          layer.layer(),
          error(layer.inputError()),
          error(layer.outputError()),
          layer.choicesDiffering().isPresent()
              ? equality(layer.choicesDiffering().getAsInt())
              : "-");
    }
    out.printf(
        "%nlargest error of a logit  %.2e, may be %.1e%n",
        report.logitsError(), report.allowedError());
    out.printf(
        "greedy tokens             %s%n",
        report.greedyTokens() == 0
            ? "-"
            : equality(report.greedyDiffering()) + " of " + report.greedyTokens());
    if (report.rotary() == DType.BF16) {
      out.printf(
          "rotary frequencies        bfloat16, as in a reference cast with model.to(bfloat16)%n");
    }
    out.printf("%n%s%n", report.passed() ? "passed" : "FAILED");
  }

  private static String error(OptionalDouble error) {
    return error.isPresent() ? "%.2e".formatted(error.getAsDouble()) : "-";
  }

  private static String equality(int differing) {
    return differing == 0 ? "all equal" : differing + " differ";
  }

  private static String json(VerificationReport report) throws JsonProcessingException {
    var mapper = new ObjectMapper();
    var root = mapper.createObjectNode();
    root.put("passed", report.passed());
    root.put("model", report.model());
    root.put("experts", report.experts());
    root.put("wire", report.wire());
    root.put("rotary", report.rotary() == DType.BF16 ? "bf16" : "f32");
    root.put("tolerance", report.tolerance());
    root.put("logits_error", report.logitsError());
    root.put("logits_deviation", report.logitsDeviation());
    root.put("greedy_tokens", report.greedyTokens());
    root.put("greedy_differing", report.greedyDiffering());
    var layers = root.putArray("moe_layers");
    for (var layer : report.layers()) {
      ObjectNode node = layers.addObject();
      node.put("layer", layer.layer());
      layer.inputError().ifPresent(error -> node.put("input_error", error));
      layer.outputError().ifPresent(error -> node.put("output_error", error));
      layer.choicesDiffering().ifPresent(count -> node.put("choices_differing", count));
    }
    return mapper.writeValueAsString(root);
  }
}
