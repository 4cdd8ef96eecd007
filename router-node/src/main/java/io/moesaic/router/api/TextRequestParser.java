package io.moesaic.router.api;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import io.moesaic.router.engine.GenerationRequest;
import io.moesaic.router.json.JsonFields;
import io.moesaic.router.tokenizer.TextForm;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reads requests for texts, and checks all of them against the model. Tokenizing takes time: not
/// for event loops.
final class TextRequestParser {
  private static final Logger log = LoggerFactory.getLogger(TextRequestParser.class);

  /// The default of OpenAI's completions.
  private static final int DEFAULT_COMPLETION_TOKENS = 16;

  private static final int MAX_N = 16;
  private static final int MAX_STOP_STRINGS = 16;
  private static final int MAX_STOP_LENGTH = 1_000;
  private static final int MAX_LOGPROBS = 20;

  /// What other servers do when they are asked; ignored, it would change the answer silently.
  private static final List<String> UNSUPPORTED =
      List.of(
          "suffix",
          "prompt_logprobs",
          "use_beam_search",
          "tools",
          "functions",
          "structured_outputs",
          "guided_json",
          "guided_regex",
          "guided_choice",
          "guided_grammar");

  private final ServedModel model;
  private final int maxChoices;
  private final LongSupplier seeds;

  /// @param seeds for requests that bring none
  TextRequestParser(ServedModel model, int maxChoices, LongSupplier seeds) {
    this.model = model;
    this.maxChoices = maxChoices;
    this.seeds = seeds;
  }

  /// The body of `/v1/completions`.
  TextRequest completion(byte[] body) {
    var fields = JsonFields.parse(body);
    checkModel(fields);
    var echo = fields.flag("echo", false);
    if (echo) {
      requireContinuation("echo", "texts do not begin with their prompts");
    }
    var logprobs = fields.integer("logprobs", -1, 0, MAX_LOGPROBS);
    int least = echo ? 0 : 1;
    int maxTokens = fields.integer("max_tokens", -1, least, Integer.MAX_VALUE);
    return parse(
        fields,
        Prompt.parse(fields, model, maxChoices),
        maxTokens,
        DEFAULT_COMPLETION_TOKENS,
        echo,
        logprobs);
  }

  /// The body of `/v1/chat/completions`.
  TextRequest chat(byte[] body) {
    var fields = JsonFields.parse(body);
    checkModel(fields);
    requireContinuation("messages", "it does not chat; use /v1/completions");
    int logprobs = chatLogprobs(fields);
    int maxTokens = fields.integer("max_tokens", -1, 1, Integer.MAX_VALUE);
    int newerName = fields.integer("max_completion_tokens", maxTokens, 1, Integer.MAX_VALUE);
    if (maxTokens >= 0 && maxTokens != newerName) {
      throw ApiError.invalid(
              "max_tokens",
              "max_tokens is %d but max_completion_tokens is %d; one is enough"
                  .formatted(maxTokens, newerName))
          .exception();
    }
    var prompt = ChatMessages.prompt(fields, model, true);
    return parse(fields, List.of(prompt), newerName, model.maxModelLength(), false, logprobs);
  }

  /// Refuses what only a model can do whose texts continue their prompts.
  private void requireContinuation(String field, String consequence) {
    if (model.maxEncodedPrompt().isPresent()) {
      throw ApiError.invalid(
              field,
              "%s is not supported: the model '%s' encodes a prompt apart from its text, %s"
                  .formatted(field, model.name(), consequence))
          .exception();
    }
  }

  /// Refuses a request for another model.
  void checkModel(JsonFields fields) {
    var name = fields.text("model");
    if (name != null && !name.equals(model.name())) {
      throw ApiError.unknownModel(name, model.name()).exception();
    }
  }

  /// @param maxTokens -1 if the request does not say
  private TextRequest parse(
      JsonFields fields,
      List<Prompt> prompts,
      int maxTokens,
      int defaultTokens,
      boolean echo,
      int logprobs) {
    int n = fields.integer("n", 1, 1, MAX_N);
    if (n * (long) prompts.size() > maxChoices) {
      throw ApiError.invalid(
              "n",
              "%d prompts with n %d are more than %d texts"
                  .formatted(prompts.size(), n, maxChoices))
          .exception();
    }
    checkResponseFormat(fields);
    UNSUPPORTED.forEach(name -> requireNotAsked(fields, name));
    int bestOf = fields.integer("best_of", n, 1, MAX_N);
    if (bestOf != n) {
      throw ApiError.invalid(
              "best_of", "best_of is %d, must be n, which is %d".formatted(bestOf, n))
          .exception();
    }
    fields.text("user");
    int minTokens = fields.integer("min_tokens", 0, 0, Integer.MAX_VALUE);
    var sampling = SamplingFields.parse(fields, logprobs, model.vocabularySize(), seeds);
    var stopTokens = stopTokens(fields);
    var moe = MoeFields.parse(fields, model.moe());
    if (moe.options().routedExperts()) {
      requireContinuation("return_routed_experts", "each with MoE layers of its own");
    }
    var generations = new ArrayList<GenerationRequest>();
    for (var prompt : prompts) {
      int most = maxTokens(prompt, maxTokens, defaultTokens);
      if (minTokens > most) {
        throw ApiError.invalid(
                "min_tokens", "min_tokens is %d, above max_tokens %d".formatted(minTokens, most))
            .exception();
      }
      for (int j = 0; j < n; j++) {
        generations.add(
            new GenerationRequest(
                prompt.tokens(),
                most,
                minTokens,
                sampling.withSeed(sampling.seed() + j),
                stopTokens,
                echo && logprobs >= 0,
                moe.options()));
      }
    }
    var request =
        new TextRequest(
            prompts,
            n,
            generations,
            new TextForm(
                stopStrings(fields),
                minTokens,
                !fields.flag("skip_special_tokens", true),
                model.maxEncodedPrompt().isPresent()),
            echo,
            logprobs,
            fields.flag("return_token_ids", false),
            moe,
            streaming(fields));
    logUnknown(fields);
    return request;
  }

  private int maxTokens(Prompt prompt, int asked, int absent) {
    int length = prompt.tokens().length;
    int longest = model.maxEncodedPrompt().orElse(length);
    if (length > longest) {
      throw ApiError.promptTooLong(longest, length).exception();
    }
    int rest = model.maxModelLength() - length;
    int needed = asked >= 0 ? asked : 1;
    if (needed > rest) {
      throw ApiError.tooLong(model.maxModelLength(), length, needed).exception();
    }
    return asked >= 0 ? asked : Math.min(absent, rest);
  }

  private static int chatLogprobs(JsonFields fields) {
    var wanted = fields.flag("logprobs", false);
    int top = fields.integer("top_logprobs", 0, 0, MAX_LOGPROBS);
    if (!wanted && fields.has("top_logprobs")) {
      throw ApiError.invalid("top_logprobs", "top_logprobs needs logprobs to be true").exception();
    }
    return wanted ? top : -1;
  }

  private static List<String> stopStrings(JsonFields fields) {
    var node = fields.find("stop");
    if (node == null) {
      return List.of();
    }
    var path = fields.path("stop");
    if (!node.isArray()) {
      return List.of(stopString(node, path));
    }
    if (node.size() > MAX_STOP_STRINGS) {
      throw JsonFields.wrong(path, node, "at most %d strings".formatted(MAX_STOP_STRINGS));
    }
    var stops = new ArrayList<String>(node.size());
    for (int i = 0; i < node.size(); i++) {
      stops.add(stopString(node.get(i), path + "[" + i + "]"));
    }
    return stops;
  }

  private static String stopString(JsonNode node, String path) {
    var stop = JsonFields.text(node, path);
    // half of a surrogate pair would cut a character in two
    if (stop.isEmpty() || stop.length() > MAX_STOP_LENGTH || !UTF_8.newEncoder().canEncode(stop)) {
      throw JsonFields.wrong(
          path, node, "Unicode text of 1 to %d characters".formatted(MAX_STOP_LENGTH));
    }
    return stop;
  }

  private Set<Integer> stopTokens(JsonFields fields) {
    var tokens = new HashSet<Integer>();
    if (!fields.flag("ignore_eos", false)) {
      tokens.addAll(model.eosTokenIds());
    }
    var node = fields.find("stop_token_ids");
    if (node != null) {
      for (int id : Prompt.tokenIds(node, fields.path("stop_token_ids"), model.vocabularySize())) {
        tokens.add(id);
      }
    }
    return tokens;
  }

  private static TextRequest.@Nullable Streaming streaming(JsonFields fields) {
    var options = fields.object("stream_options");
    if (!fields.flag("stream", false)) {
      if (options != null) {
        throw ApiError.invalid("stream_options", "stream_options needs stream to be true")
            .exception();
      }
      return null;
    }
    return options == null
        ? new TextRequest.Streaming(false, false)
        : new TextRequest.Streaming(
            options.flag("include_usage", false), options.flag("continuous_usage_stats", false));
  }

  private static void requireNotAsked(JsonFields fields, String name) {
    var node = fields.find(name);
    if (node != null && !asksForNothing(node)) {
      throw ApiError.invalid(name, name + " is not supported").exception();
    }
  }

  private static boolean asksForNothing(JsonNode node) {
    return switch (node.getNodeType()) {
      case BOOLEAN -> !node.booleanValue();
      case NUMBER -> node.doubleValue() == 0;
      case STRING -> node.textValue().isEmpty();
      default -> node.isEmpty();
    };
  }

  private static void checkResponseFormat(JsonFields fields) {
    var format = fields.object("response_format");
    if (format != null && !"text".equals(format.text("type"))) {
      throw ApiError.invalid(
              "response_format.type", "response_format.type must be text; no other is supported")
          .exception();
    }
  }

  private static void logUnknown(JsonFields fields) {
    var unknown = fields.unknown();
    if (log.isDebugEnabled() && !unknown.isEmpty()) {
      log.debug("Ignoring unknown fields {}", unknown);
    }
  }
}
