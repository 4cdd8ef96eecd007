package io.moesaic.deploy.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moesaic.deploy.client.CapacityClient;
import io.moesaic.deploy.client.ClientException;
import io.moesaic.deploy.client.MoeStats;
import io.moesaic.router.capacity.CapacityJson;
import io.moesaic.router.capacity.CapacityPolicy;
import java.net.URI;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `moesaic capacity`: how a router limits its experts, and what that did.
@Command(
    name = "capacity",
    description = {
      "Shows how a router limits its experts, and how loaded they are.",
      "Loads are counted since the router started. With --set or --reset, replaces the limit from",
      "the next step on; nothing is restarted."
    },
    footer = {
      "%nThe columns of the table:",
      "  OFFERED   choices of experts by the gate",
      "  DROPPED   of these, the share that went nowhere; MASS is the same by weight",
      "  REROUTED  the share that went to another expert",
      "  FULLEST   choices of the expert that most chose, over an even share",
      "  GINI      how unevenly they chose: 0 is even, towards 1 one expert has all",
      "%nExamples:",
      "  What there is:",
      "    moesaic capacity --url http://127.0.0.1:8080",
      "  The experts of one layer, each with a bar:",
      "    moesaic capacity --url http://127.0.0.1:8080 --layer 2",
      "  A quarter more than an even share, and the next best expert for who finds no room:",
      "    moesaic capacity --set '{\"factor\": 1.25, \"overflow\": \"next_choice\"}'",
      "  No limit any more:",
      "    moesaic capacity --set none",
      "  The limit that is a part of the model, if it has one:",
      "    moesaic capacity --reset"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class CapacityCommand implements Callable<Integer> {
  @Spec CommandSpec spec;

  @Option(
      names = "--url",
      paramLabel = "URL",
      description = "Address of a router; default: $MOESAIC_URL.")
  @Nullable URI url;

  @Option(
      names = "--set",
      paramLabel = "none|FACTOR|JSON|FILE",
      description = "The limit from now on, as for moesaic router --capacity.")
  @Nullable CapacityPolicy capacity;

  @Option(
      names = "--reset",
      description = "Back to the model's own limit: none, but for Switch Transformers.")
  boolean reset;

  @Option(
      names = "--layer",
      paramLabel = "N",
      description = "Show the experts of one layer, the first being 0.")
  @Nullable Integer layer;

  @Option(names = "--json", description = "Print one JSON object.")
  boolean json;

  @Override
  public Integer call() throws ClientException, InterruptedException, JsonProcessingException {
    if (capacity != null && reset) {
      throw new CommandFailure("--set and --reset contradict each other: leave one of them out");
    }
    try (var client = new CapacityClient(url == null ? urlOfEnvironment() : url)) {
      if (capacity != null) {
        client.set(capacity);
      } else if (reset) {
        client.reset();
      }
      var stands = client.capacity();
      var stats = client.stats();
      var out = spec.commandLine().getOut();
      if (json) {
        out.println(json(stands, stats));
      } else {
        out.println(CapacityView.describe(stands));
        out.println();
        lines(stats).forEach(out::println);
      }
    }
    return 0;
  }

  private static URI urlOfEnvironment() {
    var variable = System.getenv("MOESAIC_URL");
    if (variable == null) {
      throw new CommandFailure("which router? Give its address with --url");
    }
    return URI.create(variable);
  }

  private List<String> lines(MoeStats stats) {
    if (layer == null) {
      return CapacityView.layers(stats.layers());
    }
    int layers = stats.layers().size();
    if (layer < 0 || layer >= layers) {
      throw new CommandFailure(
          "layer is %d, must be from 0 to %d, the last that has experts"
              .formatted(layer, layers - 1));
    }
    return CapacityView.experts(stats.layers().get(layer));
  }

  private static String json(CapacityPolicy stands, MoeStats stats) throws JsonProcessingException {
    var mapper = new ObjectMapper();
    var root = mapper.createObjectNode();
    root.set("capacity", CapacityJson.write(stands));
    root.put("batch_dependent", !stands.independentOfOtherRequests());
    root.set("stats", stats.json());
    return mapper.writeValueAsString(root);
  }
}
