package io.moesaic.deploy.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moesaic.deploy.inspect.InspectionJson;
import io.moesaic.deploy.inspect.InspectionText;
import io.moesaic.deploy.inspect.Inspector;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `moesaic inspect`: what a model is, and what it takes to serve it.
@Command(
    name = "inspect",
    description = {
      "Tells what a model is and what it takes to serve it.",
      "Reads its config.json and the headers of its weights: parameters, bytes for each node,",
      "routing, tokenizer, and what would be refused. A config.json alone will do, to plan before",
      "a download."
    },
    footer = {
      "%nParameters that are active for a token are all but the experts that it does not go to.",
      "%nExamples:",
      "  The model in a directory, on 3 or 6 expert nodes:",
      "    moesaic inspect --model models/mixtral-8x7b --experts 3,6",
      "  A model that is not here yet, for a program:",
      "    moesaic inspect --model config.json --json"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class InspectCommand implements Callable<Integer> {
  private static final int NOT_SERVED = 1;
  private static final int MAX_NODES = 4096;

  @Spec CommandSpec spec;

  @Option(
      names = "--model",
      required = true,
      paramLabel = "DIR",
      description = "Directory of the checkpoint, or a config.json.")
  Path model;

  @Option(
      names = "--experts",
      split = ",",
      paramLabel = "N",
      defaultValue = "1,2,4,8",
      description = "Numbers of expert nodes to plan for; default: ${DEFAULT-VALUE}.")
  List<Integer> nodes;

  @Option(names = "--json", description = "Print one JSON object.")
  boolean json;

  @Override
  public Integer call() throws JsonProcessingException {
    for (int count : nodes) {
      if (count < 1 || count > MAX_NODES) {
        throw new ParameterException(
            spec.commandLine(),
            "--experts is %d, must be from 1 to %d".formatted(count, MAX_NODES));
      }
    }
    var inspection = Inspector.inspect(model, nodes, Integer.parseInt(RouterCommand.KV_TOKENS));
    var out = spec.commandLine().getOut();
    if (json) {
      out.println(new ObjectMapper().writeValueAsString(InspectionJson.of(inspection)));
    } else {
      InspectionText.lines(inspection).forEach(out::println);
    }
    return inspection.served() ? 0 : NOT_SERVED;
  }
}
