package io.moesaic.router.api;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.moesaic.router.engine.GenerationRequest;
import io.moesaic.router.sampling.SamplingParams;
import io.moesaic.router.sampling.SamplingParams.Penalties;
import java.net.http.HttpResponse;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CompletionsTest {
  private final ApiServer server = ApiServer.serving();

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void answersWithTheWholeObject() {
    var response =
        server
            .writes("xyz")
            .post(
                "/v1/completions",
                "{\"model\": \"tiny\", \"prompt\": \"ab\", \"frobnicate\": [1], \"n\": null}",
                r ->
                    r.header("content-type", "Application/JSON; charset=utf-8")
                        .header("x-request-id", "r1"));
    assertEquals(200, response.statusCode());
    assertEquals(
        ApiServer.json(
            """
            {"id": "cmpl-r1", "object": "text_completion", "created": 1700000000, "model": "tiny",
             "choices": [{"index": 0, "text": "xyz", "logprobs": null, "finish_reason": "stop",
                          "stop_reason": null}],
             "usage": {"prompt_tokens": 2, "completion_tokens": 3, "total_tokens": 5}}
            """),
        ApiServer.json(response));
  }

  @Test
  void defaultsAreThoseOfTheApi() {
    server.complete("\"prompt\": \"ab\"");
    var request = onlyRequest();
    assertArrayEquals(new int[] {68, 69}, request.prompt());
    assertEquals(16, request.maxTokens());
    assertEquals(0, request.minTokens());
    assertEquals(Set.of(1), request.stopTokens());
    assertFalse(request.scorePrompt());
    assertEquals(
        new SamplingParams(1, 1, 0, 0, 42, -1, Penalties.NONE, Map.of()), request.sampling());
  }

  @Test
  void everyParameterReachesTheEngine() {
    server.complete(
        """
        "prompt": [5, 6], "max_tokens": 9, "min_tokens": 3, "temperature": 0.5, "top_p": 0.25,
        "top_k": 7, "min_p": 0.125, "seed": -9223372036854775808, "logprobs": 4, "echo": true,
        "repetition_penalty": 1.5, "presence_penalty": -2, "frequency_penalty": 2,
        "logit_bias": {"5": -100, "6": 1.5}, "ignore_eos": true, "stop_token_ids": [9, 10],
        "user": "me", "response_format": {"type": "text"}, "stream": false
        """);
    var request = onlyRequest();
    assertArrayEquals(new int[] {5, 6}, request.prompt());
    assertEquals(9, request.maxTokens());
    assertEquals(3, request.minTokens());
    assertEquals(Set.of(9, 10), request.stopTokens());
    assertTrue(request.scorePrompt());
    assertEquals(
        new SamplingParams(
            0.5f,
            0.25f,
            7,
            0.125f,
            Long.MIN_VALUE,
            4,
            new Penalties(1.5f, -2, 2),
            Map.of(5, -100f, 6, 1.5f)),
        request.sampling());
  }

  @Test
  void topKOfMinusOneKeepsAll() {
    server.complete("\"prompt\": \"ab\", \"top_k\": -1");
    assertEquals(0, onlyRequest().sampling().topK());
  }

  @Test
  void theDefaultLengthIsCutToTheContext() {
    server.complete("\"prompt\": \"" + "a".repeat(60) + "\"");
    assertEquals(4, onlyRequest().maxTokens());
  }

  @Test
  void whatAsksForNothingIsNoObstacle() {
    var response =
        server.complete(
            "\"prompt\": \"a\", \"n\": 2, \"best_of\": 2, \"suffix\": null, \"tools\": [],"
                + " \"use_beam_search\": false, \"prompt_logprobs\": null, \"max_tokens\": 1");
    assertEquals(200, response.statusCode(), response.body());
  }

  @Test
  void specialTokensAreTextForThoseWhoAskForThem() {
    server.generator.script = new int[] {68, 0, 69};
    assertEquals("ab", choice(server.complete("\"prompt\": \"a\"")).get("text").asText());
    var choice =
        choice(
            server.complete("\"prompt\": \"a\", \"skip_special_tokens\": false, \"logprobs\": 0"));
    assertEquals("a<s>b", choice.get("text").asText());
    assertEquals("[0,1,4]", choice.get("logprobs").get("text_offset").toString());
  }

  @Test
  void endsAtTheMostTokens() {
    var choice = choice(server.complete("\"prompt\": \"a\", \"max_tokens\": 3"));
    assertEquals("abc", choice.get("text").asText());
    assertEquals("length", choice.get("finish_reason").asText());
  }

  @Test
  void severalPromptsWithSeveralTextsEachAreNumberedThrough() {
    var json =
        ApiServer.json(
            server
                .writes("x")
                .complete("\"prompt\": [\"a\", \"bc\"], \"n\": 3, \"seed\": 10, \"echo\": true"));
    var choices = json.get("choices");
    assertEquals(6, choices.size());
    for (int i = 0; i < 6; i++) {
      assertEquals(i, choices.get(i).get("index").asInt());
      assertEquals(i < 3 ? "ax" : "bcx", choices.get(i).get("text").asText());
      assertEquals(10 + i % 3, server.generator.requests.get(i).sampling().seed());
    }
    assertEquals(
        ApiServer.json("{\"prompt_tokens\": 3, \"completion_tokens\": 6, \"total_tokens\": 9}"),
        json.get("usage"));
  }

  @Test
  void promptsAreTextsOrTokens() {
    server.complete("\"prompt\": [[5, 6], [7]]");
    assertEquals(2, server.generator.requests.size());
    server.complete("\"prompt\": [5, 6]");
    assertEquals(3, server.generator.requests.size());
    server.complete("\"prompt\": [\"ab\"]");
    assertArrayEquals(new int[] {68, 69}, server.generator.requests.getLast().prompt());
  }

  @Test
  void logprobsAreFourArrays() {
    var choice = choice(server.writes("ab").complete("\"prompt\": \"z\", \"logprobs\": 2"));
    assertEquals(
        ApiServer.json(
            """
            {"tokens": ["a", "b"], "token_logprobs": [-8.5, -8.625],
             "top_logprobs": [{"a": -8.5, "b": -9.5}, {"b": -8.625, "c": -9.625}],
             "text_offset": [0, 1]}
            """),
        choice.get("logprobs"));
  }

  @Test
  void noAlternativesStillTellTheTokenItself() {
    var choice = choice(server.writes("a").complete("\"prompt\": \"z\", \"logprobs\": 0"));
    assertEquals(ApiServer.json("[{\"a\": -8.5}]"), choice.get("logprobs").get("top_logprobs"));
  }

  @Test
  void echoWithLogprobsScoresThePromptForEvaluation() {
    var json =
        ApiServer.json(
            server.complete(
                """
                "prompt": [[68, 69, 70], [71, 72]], "temperature": 0, "max_tokens": 1,
                "logprobs": 1, "echo": true, "seed": 1234
                """));
    var choice = json.get("choices").get(0);
    assertEquals("abca", choice.get("text").asText());
    assertEquals(
        ApiServer.json(
            """
            {"tokens": ["a", "b", "c", "a"], "token_logprobs": [null, -8.625, -8.75, -8.5],
             "top_logprobs": [null, {"b": -8.625}, {"c": -8.75}, {"a": -8.5}],
             "text_offset": [0, 1, 2, 3]}
            """),
        choice.get("logprobs"));
    // an evaluation sums what lies between the context and the one generated token
    var continuation = choice.get("logprobs").get("token_logprobs");
    assertEquals(
        -17.375,
        StreamSupport.stream(continuation.spliterator(), false)
            .skip(1)
            .limit(2)
            .mapToDouble(JsonNode::asDouble)
            .sum());
  }

  @Test
  void nothingIsGeneratedWhenOnlyThePromptIsWanted() {
    var choice =
        choice(
            server.complete(
                "\"prompt\": \"ab\", \"max_tokens\": 0, \"echo\": true, \"logprobs\": 0"));
    assertEquals("ab", choice.get("text").asText());
    assertEquals("length", choice.get("finish_reason").asText());
    assertEquals(2, choice.get("logprobs").get("tokens").size());
  }

  @Test
  void anEchoedTextIsThePromptAsItCame() {
    // the tokenizer has no token for it
    var choice = choice(server.writes("x").complete("\"prompt\": \"a\u00e9\", \"echo\": true"));
    assertEquals("a\u00e9x", choice.get("text").asText());
  }

  @Test
  void tokenIdsAreToldWhenAskedFor() {
    var choice =
        choice(server.writes("xy").complete("\"prompt\": \"ab\", \"return_token_ids\": true"));
    assertEquals(ApiServer.json("[91, 92]"), choice.get("token_ids"));
    assertEquals(ApiServer.json("[68, 69]"), choice.get("prompt_token_ids"));
  }

  @Test
  void aStopStringAcrossTokensEndsTheTextBeforeItAndTheWork() {
    server.generator.gate = new CountDownLatch(1);
    server.generator.tokensBeforeGate = 6;
    var choice =
        choice(
            server.complete("\"prompt\": \"a\", \"max_tokens\": 60, \"stop\": [\"!\", \"def\"]"));
    assertEquals("abc", choice.get("text").asText());
    assertEquals("stop", choice.get("finish_reason").asText());
    assertEquals("def", choice.get("stop_reason").asText());
    assertEquals(1, server.generator.cancelled.get());
  }

  @Test
  void noStopStringEndsATextBeforeItsLeastTokens() {
    var choice =
        choice(
            server
                .writes("abab")
                .complete("\"prompt\": \"a\", \"min_tokens\": 2, \"stop\": \"b\""));
    assertEquals("aba", choice.get("text").asText());
  }

  @Test
  void charactersOfSeveralTokensArriveWhole() {
    try (var demo = ApiServer.servingDemo()) {
      var text = "5 € 😀";
      var choice = choice(demo.writes(text).complete("\"prompt\": \"It costs\", \"logprobs\": 0"));
      assertEquals(text, choice.get("text").asText());
      var offsets = choice.get("logprobs").get("text_offset");
      assertEquals(4, offsets.get(offsets.size() - 1).asInt());
    }
  }

  private GenerationRequest onlyRequest() {
    assertEquals(1, server.generator.requests.size());
    return server.generator.requests.getFirst();
  }

  private static JsonNode choice(HttpResponse<String> response) {
    assertEquals(200, response.statusCode(), response.body());
    return ApiServer.json(response).get("choices").get(0);
  }
}
