package io.moesaic.deploy.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moesaic.deploy.client.ClientException;
import io.moesaic.deploy.client.CompletionClient;
import io.moesaic.deploy.client.CompletionRequest;
import io.moesaic.deploy.client.Prompt;
import io.moesaic.deploy.dev.ClusterProgress;
import io.moesaic.deploy.dev.ClusterSpec;
import io.moesaic.deploy.dev.LocalCluster;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `moesaic generate`: one completion, printed as it comes.
@Command(
    name = "generate",
    description = "Continues a prompt, and prints the text as it comes.",
    footer = {
      "%nExamples:",
      "  From a cluster that runs:",
      "    moesaic generate --url http://127.0.0.1:8080 --prompt \"Call me\" --max-tokens 40",
      "  From a model, with a cluster for just this:",
      "    moesaic generate --model models/mixtral-8x7b --prompt \"Call me\" --temperature 0.8"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class GenerateCommand implements Callable<Integer> {
  private static final class Source {
    @Option(
        names = "--url",
        paramLabel = "URL",
        description = "Address of a router; default: $MOESAIC_URL.")
    @Nullable URI url;

    @Option(
        names = "--model",
        paramLabel = "DIR",
        description = "Model to start a local cluster for, which ends afterwards.")
    @Nullable Path model;
  }

  private static final class Input {
    @Option(names = "--prompt", paramLabel = "TEXT", description = "Text to continue.")
    @Nullable String text;

    @Option(
        names = "--prompt-ids",
        paramLabel = "IDS",
        split = ",",
        description = "Token ids to continue, such as 1,2,3.")
    @Nullable List<Integer> ids;

    Prompt prompt() {
      return text != null
          ? new Prompt.Text(text)
          : new Prompt.TokenIds(ids == null ? List.of() : ids);
    }
  }

  @Spec CommandSpec spec;

  @ArgGroup private Source source = new Source();

  @ArgGroup(multiplicity = "1")
  private Input input;

  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      defaultValue = "64",
      description = "Most tokens to write; default: ${DEFAULT-VALUE}.")
  int maxTokens;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      defaultValue = "0",
      description = "0 for the likeliest token each time, up to 2; default: ${DEFAULT-VALUE}.")
  double temperature;

  @Option(
      names = "--seed",
      paramLabel = "S",
      description = "Makes the choice of tokens repeatable at a temperature above 0.")
  @Nullable Long seed;

  @Option(
      names = "--special-tokens",
      description = "Show special tokens, such as the marks between a T5 model's guesses.")
  boolean specialTokens;

  @Option(
      names = "--json",
      description = "Print one JSON object at the end, with the token ids and the time it took.")
  boolean json;

  @Override
  public Integer call() throws ClientException, InterruptedException, JsonProcessingException {
    if (source.model != null) {
      var spec = ClusterSpec.of(source.model).withExperts(1);
      try (var cluster = LocalCluster.start(spec, ClusterProgress.SILENT)) {
        generate(cluster.url());
      }
    } else {
      generate(source.url != null ? source.url : urlOfEnvironment());
    }
    return 0;
  }

  private static URI urlOfEnvironment() {
    var url = System.getenv("MOESAIC_URL");
    if (url == null) {
      throw new CommandFailure(
          "which cluster? Give its address with --url, or a model with --model");
    }
    return URI.create(url);
  }

  private void generate(URI url)
      throws ClientException, InterruptedException, JsonProcessingException {
    var out = spec.commandLine().getOut();
    var request =
        new CompletionRequest(
            input.prompt(),
            maxTokens,
            temperature,
            seed == null ? OptionalLong.empty() : OptionalLong.of(seed),
            specialTokens);
    try (var client = new CompletionClient(url)) {
      if (json) {
        var completion = client.complete(request, _ -> {});
        out.println(new ObjectMapper().writeValueAsString(completion));
      } else {
        client.complete(request, text -> print(out, text));
        out.println();
      }
    }
  }

  private static void print(PrintWriter out, String text) {
    out.print(text);
    out.flush();
  }
}
