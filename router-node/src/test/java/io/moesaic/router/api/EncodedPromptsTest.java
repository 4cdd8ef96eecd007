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
    refused(
        server.complete("\"prompt\": \"abcdefghi\""), "prompt has 9 tokens, must have at most 8");
  }

  private static void refused(HttpResponse<String> response, String words) {
    assertEquals(400, response.statusCode(), response.body());
    var message = ApiServer.json(response).path("error").path("message").asText();
    assertTrue(message.contains(words), message);
  }
}
