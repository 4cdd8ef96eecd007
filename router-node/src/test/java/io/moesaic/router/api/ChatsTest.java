package io.moesaic.router.api;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ChatsTest {
  private static final String HI = "\"messages\": [{\"role\": \"user\", \"content\": \"a\"}]";

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
                "/v1/chat/completions",
                "{\"model\": \"tiny\", " + HI + "}",
                r -> r.header("content-type", "application/json").header("x-request-id", "r1"));
    assertEquals(
        ApiServer.json(
            """
            {"id": "chatcmpl-r1", "object": "chat.completion", "created": 1700000000,
             "model": "tiny",
             "choices": [{"index": 0,
                          "message": {"role": "assistant", "content": "xyz", "refusal": null},
                          "logprobs": null, "finish_reason": "stop", "stop_reason": null}],
             "usage": {"prompt_tokens": 2, "completion_tokens": 3, "total_tokens": 5}}
            """),
        ApiServer.json(response));
  }

  @Test
  void aTextMayTakeTheRestOfTheContext() {
    server.chat(HI);
    assertEquals(ApiServer.CONTEXT - 2, server.generator.requests.getFirst().maxTokens());
  }

  @Test
  void theMostTokensHaveTwoNames() {
    server.chat(HI + ", \"max_tokens\": 5");
    server.chat(HI + ", \"max_completion_tokens\": 6");
    server.chat(HI + ", \"max_completion_tokens\": 7, \"max_tokens\": 7");
    assertEquals(
        List.of(5, 6, 7),
        server.generator.requests.stream().map(request -> request.maxTokens()).toList());
  }

  @Test
  void contentMayComeInParts() {
    server.chat(
        """
        "messages": [{"role": "system", "content": "a"},
                     {"role": "user", "name": "me", "content":
                       [{"type": "text", "text": "b"}, {"type": "text", "text": "c"}]}]
        """);
    assertEquals(
        "a\nbc\n", server.tokenizer.decode(server.generator.requests.getFirst().prompt(), true));
  }

  @Test
  void logprobsTellBytesAndAlternatives() {
    var choice =
        ApiServer.json(server.writes("a").chat(HI + ", \"logprobs\": true, \"top_logprobs\": 2"))
            .get("choices")
            .get(0);
    assertEquals(
        ApiServer.json(
            """
            {"content": [{"token": "a", "logprob": -8.5, "bytes": [97], "top_logprobs": [
              {"token": "a", "logprob": -8.5, "bytes": [97]},
              {"token": "b", "logprob": -9.5, "bytes": [98]}]}]}
            """),
        choice.get("logprobs"));
  }

  @Test
  void logprobsOfAPartOfACharacterTellItsBytes() {
    try (var demo = ApiServer.servingDemo()) {
      var content =
          ApiServer.json(demo.writes("€").chat(HI + ", \"logprobs\": true"))
              .get("choices")
              .get(0)
              .get("logprobs")
              .get("content");
      assertEquals("bytes:\\xe2", content.get(0).get("token").asText().substring(0, 10));
      assertEquals(0xE2, content.get(0).get("bytes").get(0).asInt());
      assertEquals("[]", content.get(0).get("top_logprobs").toString());
    }
  }

  @Test
  void tokenIdsAreToldWhenAskedFor() {
    var json = ApiServer.json(server.writes("xy").chat(HI + ", \"return_token_ids\": true"));
    assertEquals("[68,2]", json.get("prompt_token_ids").toString());
    assertEquals("[91,92]", json.get("choices").get(0).get("token_ids").toString());
  }
}
