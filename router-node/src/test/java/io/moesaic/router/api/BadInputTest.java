package io.moesaic.router.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BadInputTest {
  private static final ApiServer server = ApiServer.serving();

  @AfterAll
  static void stop() {
    server.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "{", "[1]", "\"text\"", "null", "{} {}", "{\"prompt\": \"a\", \"prompt\": 1}"})
  void aBodyThatIsNoObject(String body) {
    assertInvalid(server.post("/v1/completions", body), null);
    assertInvalid(server.post("/v1/chat/completions", body), null);
    assertInvalid(server.post("/tokenize", body), null);
  }

  @ParameterizedTest
  @ValueSource(strings = {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data"})
  void aContentTypeThatIsNotJson(String type) {
    var response =
        server.post(
            "/v1/completions",
            "{\"prompt\": \"a\"}",
            request -> request.header("content-type", type));
    assertInvalid(response, null);
    assertInvalid(server.post("/v1/completions", "{\"prompt\": \"a\"}", r -> r), null);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "null                                          | messages",
        "[]                                            | messages",
        "\"string\"                                    | messages",
        "[123]                                         | messages[0]",
        "[{}]                                          | messages[0].role",
        "[{\"role\": 123, \"content\": \"a\"}]         | messages[0].role",
        "[{\"role\": \"user\"}]                        | messages[0].content",
        "[{\"role\": \"user\", \"content\": null}]     | messages[0].content",
        "[{\"role\": \"user\", \"content\": 123}]      | messages[0].content",
        "[{\"role\": \"user\", \"content\": [1]}]      | messages[0].content[0]",
        "[{\"role\": \"user\", \"content\": [{\"type\": \"image_url\"}]}] | messages[0].content[0]",
        "[{\"role\": \"user\", \"content\": \"a\", \"name\": 1}] | messages[0].name",
      })
  void messagesThatAreNone(String messages, String param) {
    assertInvalid(server.chat("\"messages\": " + messages), param);
  }

  @Test
  void twoTrailingMessagesOfTheAssistant() {
    var assistant = "{\"role\": \"assistant\", \"content\": \"a\"}";
    assertInvalid(
        server.chat("\"messages\": [%s, %s]".formatted(assistant, assistant)), "messages[1]");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "null            | prompt",
        "\"\"            | prompt",
        "\"\u00e9\"      | prompt",
        "[]              | prompt",
        "{}              | prompt",
        "12              | prompt",
        "true            | prompt",
        "[\"\"]          | prompt[0]",
        "[\"a\", 1]      | prompt[1]",
        "[1, \"a\"]      | prompt[1]",
        "[[1], []]       | prompt[1]",
        "[[1], [1.5]]    | prompt[1][0]",
        "[128]           | prompt[0]",
        "[5, -1]         | prompt[1]",
        "[9999999999]    | prompt[0]",
        "[null]          | prompt[0]",
      })
  void aPromptThatIsNoneOrOutOfTheVocabulary(String prompt, String param) {
    assertInvalid(server.complete("\"prompt\": " + prompt), param);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"logprobs\": 21                                | logprobs",
        "\"logprobs\": -2                                | logprobs",
        "\"logprobs\": \"abc\"                           | logprobs",
        "\"logprobs\": true                              | logprobs",
        "\"max_tokens\": 0                               | max_tokens",
        "\"max_tokens\": -1                              | max_tokens",
        "\"max_tokens\": 1.5                             | max_tokens",
        "\"max_tokens\": \"5\"                           | max_tokens",
        "\"max_tokens\": -1, \"echo\": true              | max_tokens",
        "\"min_tokens\": 17                              | min_tokens",
        "\"temperature\": -0.1                           | temperature",
        "\"temperature\": 2.1                            | temperature",
        "\"temperature\": \"1\"                          | temperature",
        "\"temperature\": 1e400                          | temperature",
        "\"top_p\": 0                                    | top_p",
        "\"top_p\": 1e-60                                | top_p",
        "\"top_p\": 1.1                                  | top_p",
        "\"top_k\": -2                                   | top_k",
        "\"top_k\": 1.5                                  | top_k",
        "\"min_p\": 1.1                                  | min_p",
        "\"n\": 0                                        | n",
        "\"n\": 17                                       | n",
        "\"stop\": 1                                     | stop",
        "\"stop\": \"\"                                  | stop",
        "\"stop\": [\"a\", 1]                            | stop[1]",
        "\"stop\": [\"\\ud83d\"]                         | stop[0]",
        "\"seed\": 1.5                                   | seed",
        "\"seed\": 9223372036854775808                   | seed",
        "\"echo\": 1                                     | echo",
        "\"suffix\": \"a\"                               | suffix",
        "\"prompt_logprobs\": 1                        | prompt_logprobs",
        "\"use_beam_search\": true                     | use_beam_search",
        "\"best_of\": 3                                | best_of",
        "\"guided_regex\": \"a+\"                        | guided_regex",
        "\"stream\": \"true\"                            | stream",
        "\"stream_options\": {\"include_usage\": true}   | stream_options",
        "\"stream\": true, \"stream_options\": 1         | stream_options",
        "\"stream\": true, \"stream_options\": {\"include_usage\": 1} |"
            + " stream_options.include_usage",
        "\"logit_bias\": []                              | logit_bias",
        "\"logit_bias\": {\"128\": 1}                    | logit_bias",
        "\"logit_bias\": {\"x\": 1}                      | logit_bias",
        "\"logit_bias\": {\"5\": 101}                    | logit_bias.5",
        "\"presence_penalty\": 3                         | presence_penalty",
        "\"frequency_penalty\": -3                       | frequency_penalty",
        "\"repetition_penalty\": 0                       | repetition_penalty",
        "\"ignore_eos\": 1                               | ignore_eos",
        "\"stop_token_ids\": [128]                       | stop_token_ids[0]",
        "\"stop_token_ids\": 1                           | stop_token_ids",
        "\"return_token_ids\": \"yes\"                   | return_token_ids",
        "\"user\": 1                                     | user",
        "\"model\": 1                                    | model",
        "\"response_format\": {\"type\": \"sound\"}      | response_format.type",
        "\"response_format\": \"text\"                   | response_format",
      })
  void aFieldOfTheWrongTypeOrOutOfBounds(String field, String param) {
    assertInvalid(server.post("/v1/completions", "{\"prompt\": \"a\", " + field + "}"), param);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"top_logprobs\": 2                                    | top_logprobs",
        "\"logprobs\": true, \"top_logprobs\": 21               | top_logprobs",
        "\"logprobs\": true, \"top_logprobs\": -2               | top_logprobs",
        "\"logprobs\": 1                                        | logprobs",
        "\"max_completion_tokens\": 0                           | max_completion_tokens",
        "\"max_tokens\": 5, \"max_completion_tokens\": 6        | max_tokens",
      })
  void aFieldOfAChatThatIsWrong(String field, String param) {
    assertInvalid(
        server.chat("\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], " + field), param);
  }

  @Test
  void tooManyStopStringsOrTexts() {
    assertInvalid(
        server.complete("\"prompt\": \"a\", \"stop\": [" + "\"a\",".repeat(16) + "\"a\"]"), "stop");
    assertInvalid(
        server.complete("\"prompt\": \"a\", \"stop\": \"" + "a".repeat(1_001) + "\""), "stop");
    assertInvalid(
        server.complete("\"n\": 16, \"prompt\": [" + "\"a\",".repeat(16) + "\"a\"]"), "n");
  }

  @Test
  void aPromptThatLeavesTooLittleOfTheContext() {
    for (var stream : new boolean[] {false, true}) {
      var response =
          server.complete(
              "\"prompt\": \"%s\", \"max_tokens\": 5, \"stream\": %s"
                  .formatted("a".repeat(60), stream));
      assertEquals(400, response.statusCode());
      assertEquals(
          ApiServer.json(
              """
              {"error": {"message": "This model's maximum context length is 64 tokens. However, you\
               requested 65 tokens (60 in the messages, 5 in the completion). Please reduce the\
               length of the messages or completion.", "type": "invalid_request_error",
               "param": null, "code": "context_length_exceeded", "n_prompt_tokens": 60,
               "n_ctx": 64}}
              """),
          ApiServer.json(response));
    }
    var chat =
        server.chat(
            "\"messages\": [{\"role\": \"user\", \"content\": \"" + "a".repeat(63) + "\"}]");
    assertTrue(error(chat).get("message").asText().contains("requested 65 tokens (64 in"));
  }

  @Test
  void anotherModel() {
    for (var path : new String[] {"/v1/completions", "/v1/chat/completions", "/tokenize"}) {
      var response = server.post(path, "{\"model\": \"gpt-9\", \"prompt\": \"a\"}");
      assertEquals(404, response.statusCode());
      assertEquals("model_not_found", error(response).get("code").asText());
      assertEquals("model", error(response).get("param").asText());
    }
  }

  @Test
  void largeBadValuesAreNotEchoedInFull() {
    var large = "x".repeat(100_000);
    for (var field :
        new String[] {
          "\"temperature\": \"" + large + "\"",
          "\"model\": \"" + large + "\"",
          "\"logit_bias\": {\"" + large + "\": 1}",
          "\"stop\": [" + "1,".repeat(5_000) + "1]",
          "\"stop_token_ids\": [" + "\"x\",".repeat(5_000) + "1]",
          "\"" + large + "\"",
        }) {
      var response = server.post("/v1/completions", "{\"prompt\": \"a\", " + field + "}");
      assertTrue(
          response.statusCode() == 400 || response.statusCode() == 404, field.substring(0, 20));
      assertTrue(response.body().length() < 3_000, field.substring(0, 20));
    }
  }

  @Test
  void nothingIsAskedOfTheEngine() {
    int before = server.generator.requests.size();
    server.complete("\"prompt\": [\"a\", \"b\", \"\"], \"stream\": true");
    server.complete("\"prompt\": \"a\", \"stop\": 5");
    assertEquals(before, server.generator.requests.size());
    assertEquals(200, server.complete("\"prompt\": \"a\"").statusCode());
  }

  @Test
  void aBodyThatIsTooLarge() {
    try (var small =
        ApiServer.serving(new ApiSettings("1", List.of(), 100, 1, 1, Duration.ofSeconds(1)))) {
      var response = small.complete("\"prompt\": \"" + "a".repeat(100) + "\"");
      assertEquals(413, response.statusCode());
      assertEquals("request_too_large", error(response).get("code").asText());
    }
  }

  @Test
  void aChatWithAModelThatHasNoTemplate() {
    try (var plain = ApiServer.servingWithoutTemplate()) {
      var response = plain.chat("\"messages\": [{\"role\": \"user\", \"content\": \"a\"}]");
      assertInvalid(response, "messages");
      assertTrue(error(response).get("message").asText().contains("has no chat template"));
    }
  }

  private static JsonNode error(HttpResponse<String> response) {
    return ApiServer.json(response).get("error");
  }

  private static void assertInvalid(HttpResponse<String> response, @Nullable String param) {
    assertEquals(400, response.statusCode(), response.body());
    assertEquals("application/json", response.headers().firstValue("content-type").orElseThrow());
    var error = error(response);
    assertEquals("invalid_request_error", error.get("type").asText());
    assertEquals(param, error.get("param").textValue(), response.body());
    assertTrue(error.get("message").isTextual());
    assertTrue(error.has("code"));
  }
}
