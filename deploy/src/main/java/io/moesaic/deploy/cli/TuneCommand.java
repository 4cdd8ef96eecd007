package io.moesaic.deploy.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moesaic.deploy.dev.ClusterSpec;
import io.moesaic.deploy.tune.CapacitySweep;
import io.moesaic.deploy.tune.SweepJson;
import io.moesaic.deploy.tune.SweepReport;
import io.moesaic.deploy.tune.SweepText;
import io.moesaic.deploy.tune.TuneSpec;
import io.moesaic.deploy.tune.TuneSpec.Counting;
import io.moesaic.deploy.tune.Variant;
import io.moesaic.router.capacity.CapacityPolicy.Per;
import io.moesaic.router.capacity.CapacityPolicy.Renormalize;
import io.moesaic.router.capacity.CapacityPolicy.Scope;
import io.moesaic.router.capacity.CapacityRule.Formula;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `moesaic tune`: which capacity factor a model bears.
@Command(
    name = "tune",
    description = {
      "Measures what capacity factors cost.",
      "That is how much is dropped, and how much worse text is predicted. Runs text that the model",
      "was not trained on through a cluster on this machine, without a limit and under every limit",
      "that is asked for, and compares."
    },
    footer = {
      "%nThe columns of the table:",
      "  DROPPED   of the choices of experts, the share that went nowhere",
      "  REROUTED  the share that went to another expert",
      "  EXPERT    load of the fullest expert of a layer, over an even share",
      "  NODE      load of the fullest node, over an even share: what a layer waits for",
      "  NLL       negative log-likelihood of a token; LOSS is how much more it is than dropless",
      "  AGREES    how often the likeliest next token is the one that dropless predicts",
      "  TIME      of the fastest pass, over the fastest dropless one; \"none\" is dropless again,",
      "            and shows how noisy the machine is. Nodes on one machine share its processors:",
      "            TIME tells the work that is saved, not the waiting",
      "%nExamples:",
      "  The model that comes with Moesaic, on the text that comes with it:",
      "    moesaic tune",
      "  A model of yours on a text of yours, dropping and rerouting:",
      "    moesaic tune --model models/mixtral-8x7b --text notes.txt --overflow drop,next-choice",
      "  The orders in which tokens may ask for room, at a factor of 1:",
      "    moesaic tune --factors 1 --overflow drop:position,drop:rank,drop:random,drop"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class TuneCommand implements Callable<Integer> {
  private static final List<String> BUNDLED_TEXTS =
      List.of("novel", "scripture", "speech", "dictionary", "code");

  @Spec CommandSpec spec;

  @Mixin ClusterOptions cluster;

  @Option(
      names = "--text",
      arity = "1..*",
      paramLabel = "FILE",
      description = "Texts to predict; default: five kinds that come with Moesaic.")
  List<Path> texts = List.of();

  @Option(
      names = "--tokens",
      paramLabel = "N",
      defaultValue = "1024",
      description = "Most tokens of each text; default: ${DEFAULT-VALUE}.")
  int tokens;

  @Option(
      names = "--window",
      paramLabel = "N",
      defaultValue = "256",
      description = "Tokens of a sequence, into which texts are cut; default: ${DEFAULT-VALUE}.")
  int window;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "2",
      description =
          "Sequences of a forward pass, of all texts by turns; default: ${DEFAULT-VALUE}.")
  int batch;

  @Option(
      names = "--factors",
      split = ",",
      paramLabel = "F",
      defaultValue = "0.5,0.75,1,1.25,1.5,2,3",
      description = "Capacity factors; default: ${DEFAULT-VALUE}.")
  List<Double> factors;

  @Option(
      names = "--overflow",
      split = ",",
      paramLabel = "OVERFLOW[:PRIORITY]",
      defaultValue = "drop:position,drop:probability,next-choice,local",
      description = {
        "What becomes of choices whose expert is full (drop, next-choice, local), and who is",
        "first (position, rank, probability, weight, batch-prioritized, random); default:",
        "${DEFAULT-VALUE}."
      })
  List<Variant> overflow;

  @Option(
      names = "--rule",
      paramLabel = "RULE",
      defaultValue = "megatron",
      description = {
        "How a capacity follows from a factor: plain, switch, mesh, flaxformer, vmoe, megatron,",
        "deepspeed, tutel, megablocks, fastmoe, capacity-aware; default: ${DEFAULT-VALUE}."
      })
  Formula rule;

  @Option(
      names = "--scope",
      paramLabel = "step|sequence",
      defaultValue = "step",
      description = {
        "Whose tokens are counted together: all of a pass, or each sequence's; default:",
        "${DEFAULT-VALUE}, as the literature counts."
      })
  Scope scope;

  @Option(
      names = "--per",
      paramLabel = "expert|node",
      defaultValue = "expert",
      description = "What has a capacity; default: ${DEFAULT-VALUE}.")
  Per per;

  @Option(
      names = "--renormalize",
      paramLabel = "never|before|after",
      defaultValue = "never",
      description = {
        "When a token's weights are divided by their sum: before or after its choices are dropped;",
        "default: ${DEFAULT-VALUE}."
      })
  Renormalize renormalize;

  @Option(
      names = "--tolerance",
      paramLabel = "PERCENT",
      defaultValue = "1",
      description = "Loss up to which a limit is close to dropless; default: ${DEFAULT-VALUE}.")
  double tolerance;

  @Option(names = "--json", description = "Print one JSON object.")
  boolean json;

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (!(tolerance > 0 && tolerance <= 100)) {
      throw new CommandFailure(
          "tolerance is %s %%, must be above 0, up to 100".formatted(tolerance));
    }
    var local = cluster.spec();
    var counting = new Counting(rule, scope, per, renormalize);
    var tune = new TuneSpec(local, files(), tokens, window, batch, counting, factors, overflow);
    var commandLine = spec.commandLine();
    var bar =
        new CountBar(commandLine.getErr(), DevProgress.onTerminal(), System::nanoTime, "passes");
    print(CapacitySweep.run(tune, bar::advanced));
    return 0;
  }

  private List<Path> files() {
    if (!texts.isEmpty()) {
      return texts;
    }
    var directory = ClusterSpec.bundledModel().resolve("text");
    return BUNDLED_TEXTS.stream().map(name -> directory.resolve(name + ".txt")).toList();
  }

  private void print(SweepReport report) throws JsonProcessingException {
    var out = spec.commandLine().getOut();
    if (json) {
      out.println(new ObjectMapper().writeValueAsString(SweepJson.of(report, tolerance / 100)));
    } else {
      SweepText.lines(report, tolerance / 100).forEach(out::println);
    }
    out.flush();
  }
}
