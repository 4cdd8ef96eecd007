package io.moesaic.router.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// A model that encodes prompts apart from their texts.
class EncodedPromptsTest {
  private final ApiServer server = ApiServer.encoding();

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void completesAPrompt() {
    var response = server.writes("xyz").complete("\"prompt\": \"abcdefgh\"");
    assertEquals(200, response.statusCode(), response.body());
    var json = ApiServer.json(response);
    assertEquals("xyz", json.path("choices").path(0).path("text").asText());
    assertEquals(8, json.path("usage").path("prompt_tokens").asInt());
    assertEquals(3, json.path("usage").path("completion_tokens").asInt());
  }

  @Test
  void refusesWhatNeedsATextThatContinuesItsPrompt() {
    refused(server.complete("\"prompt\": \"ab\", \"echo\": true"), "echo is not supported");
    refused(
        server.complete("\"prompt\": \"ab\", \"return_routed_experts\": true"),
        "return_routed_experts is not supported");
    refused(
        server.chat("\"messages\": [{\"role\": \"user\", \"content\": \"a\"}]"),
        "messages is not supported: the model 'tiny' encodes a prompt apart from its text");
  }

  @Test
  void tellsHowLongAPromptMayBe() {
    var response = server.complete("\"prompt\": \"abcdefghi\"");
    refused(response, "its maximum prompt length is 8 tokens. However, you requested 9");
    var error = ApiServer.json(response).path("error");
    assertEquals("context_length_exceeded", error.path("code").asText());
    assertEquals(8, error.path("n_ctx").asInt());
    var card = ApiServer.json(server.get("/v1/models")).path("data").path(0);
    assertEquals(8, card.path("max_prompt_len").asInt());
  }

  private static void refused(HttpResponse<String> response, String words) {
    assertEquals(400, response.statusCode(), response.body());
    var message = ApiServer.json(response).path("error").path("message").asText();
    assertTrue(message.contains(words), message);
  }
}
