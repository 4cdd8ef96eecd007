package io.moesaic.router.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class StreamingTest {
  private static final String HI = "\"messages\": [{\"role\": \"user\", \"content\": \"a\"}]";

  private final ApiServer server = ApiServer.serving();

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void aCompletionByteByByte() {
    var response =
        server
            .writes("xy")
            .post(
                "/v1/completions",
                "{\"prompt\": \"a\", \"stream\": true}",
                r -> r.header("content-type", "application/json").header("x-request-id", "r1"));
    assertEquals("text/event-stream", header(response, "content-type"));
    assertEquals("no-cache", header(response, "cache-control"));
    assertEquals("chunked", header(response, "transfer-encoding"));
    var head =
        "data: {'id':'cmpl-r1','object':'text_completion','created':1700000000,"
            + "'model':'tiny','choices':[{'index':0,'text':'";
    var end = "]}\n\n";
    assertEquals(
        (head
                + "x','logprobs':null,'finish_reason':null,'stop_reason':null}"
                + end
                + head
                + "y','logprobs':null,'finish_reason':null,'stop_reason':null}"
                + end
                + head
                + "','logprobs':null,'finish_reason':'stop','stop_reason':null}"
                + end
                + "data: [DONE]\n\n")
            .replace('\'', '"'),
        response.body());
  }

  @Test
  void aChatByteByByte() {
    var response =
        server
            .writes("x")
            .post(
                "/v1/chat/completions",
                "{" + HI + ", \"stream\": true}",
                r -> r.header("content-type", "application/json").header("x-request-id", "r2"));
    var head =
        "data: {'id':'chatcmpl-r2','object':'chat.completion.chunk','created':1700000000,"
            + "'model':'tiny','choices':[{'index':0,'delta':{";
    var open = "},'logprobs':null,'finish_reason':null,'stop_reason':null}]}\n\n";
    assertEquals(
        (head
                + "'role':'assistant','content':''"
                + open
                + head
                + "'content':'x'"
                + open
                + head
                + "},'logprobs':null,'finish_reason':'stop','stop_reason':null}]}\n\n"
                + "data: [DONE]\n\n")
            .replace('\'', '"'),
        response.body());
  }

  @Test
  void usageComesLastWhenAskedForAndIsNullBefore() {
    var chunks = chunks(server.writes("xy").chat(HI + stream("\"include_usage\": true")));
    var last = chunks.removeLast();
    assertTrue(last.get("choices").isEmpty());
    assertEquals(usage(2, 2), last.get("usage"));
    assertTrue(chunks.stream().allMatch(chunk -> chunk.get("usage").isNull()));
    assertTrue(chunks.stream().noneMatch(chunk -> chunk.get("choices").isEmpty()));
  }

  @Test
  void continuousUsageGrowsFromChunkToChunk() {
    var chunks = chunks(server.writes("xy").chat(HI + stream("\"continuous_usage_stats\": true")));
    assertEquals(
        List.of(1, 1, 2, 2),
        chunks.stream().map(c -> c.get("usage").get("completion_tokens").asInt()).toList());
    assertFalse(chunks.getLast().get("choices").isEmpty());
  }

  @Test
  void usageIsNotToldUnasked() {
    for (var options : List.of("", stream(""), stream("\"include_usage\": false"))) {
      var fields = options.isEmpty() ? ", \"stream\": true" : options;
      assertTrue(
          chunks(server.writes("x").chat(HI + fields)).stream().noneMatch(c -> c.has("usage")));
    }
  }

  @Test
  void severalTextsAreInterleavedOneToAChunk() {
    var chunks =
        chunks(
            server
                .writes("xyz")
                .complete("\"prompt\": [\"a\", \"b\"], \"n\": 2, \"stream\": true"));
    assertTrue(chunks.stream().allMatch(chunk -> chunk.get("choices").size() == 1));
    for (int i = 0; i < 4; i++) {
      assertEquals("xyz", text(chunks, i));
      assertEquals(1, finishReasons(chunks, i).size());
    }
  }

  @Test
  void everyTextOfAChatHasItsRoleOnce() {
    var chunks = chunks(server.writes("x").chat(HI + ", \"n\": 2, \"stream\": true"));
    assertEquals(
        List.of(0, 1),
        chunks.stream()
            .map(chunk -> chunk.get("choices").get(0))
            .filter(choice -> choice.get("delta").has("role"))
            .map(choice -> choice.get("index").asInt())
            .toList());
  }

  @Test
  void contentIsNeverEmptyAndTheEndTellsOnlyWhy() {
    try (var demo = ApiServer.servingDemo()) {
      var chunks = chunks(demo.writes("😀😀").chat(HI + ", \"stream\": true"));
      var contents =
          chunks.stream()
              .map(chunk -> chunk.get("choices").get(0).get("delta"))
              .filter(delta -> delta.has("content") && !delta.has("role"))
              .map(delta -> delta.get("content").asText())
              .toList();
      assertEquals(List.of("😀", "😀"), contents);
      assertTrue(chunks.getLast().get("choices").get(0).get("delta").isEmpty());
    }
  }

  @Test
  void aStopStringAcrossChunksIsNeverSent() {
    var chunks =
        chunks(
            server
                .writes("xaENENDy")
                .complete("\"prompt\": \"a\", \"stop\": \"END\", \"stream\": true"));
    assertEquals("xaEN", text(chunks, 0));
    var last = chunks.getLast().get("choices").get(0);
    assertEquals("stop", last.get("finish_reason").asText());
    assertEquals("END", last.get("stop_reason").asText());
    assertEquals("", last.get("text").asText());
  }

  @Test
  void textThatOnlyLookedLikeAStopStringComesWithTheEnd() {
    for (var endpoint : List.of("completion", "chat")) {
      var fields = ", \"stop\": \"END\", \"stream\": true";
      server.writes("xEN");
      var response =
          endpoint.equals("chat")
              ? server.chat(HI + fields)
              : server.complete("\"prompt\": \"a\"" + fields);
      assertEquals("xEN", text(chunks(response), 0), endpoint);
    }
  }

  @Test
  void logprobsAndTokenIdsComeWithTheTextTheyBelongTo() {
    var chunks =
        chunks(
            server
                .writes("xab!y")
                .complete(
                    """
                    "prompt": "q", "stream": true, "logprobs": 0, "return_token_ids": true,
                    "stop": "abc"
                    """));
    var choices = chunks.stream().map(chunk -> chunk.get("choices").get(0)).toList();
    assertEquals(
        List.of("x", "ab!", "y", ""), choices.stream().map(c -> c.get("text").asText()).toList());
    assertEquals("[\"a\",\"b\",\"!\"]", choices.get(1).get("logprobs").get("tokens").toString());
    assertEquals("[1,2,3]", choices.get(1).get("logprobs").get("text_offset").toString());
    assertEquals("[68,69,4]", choices.get(1).get("token_ids").toString());
    assertEquals("[84]", choices.getFirst().get("prompt_token_ids").toString());
    assertNull(choices.get(1).get("prompt_token_ids"));
  }

  @Test
  void tokensOfAStopStringComeWithTheEndOfAChat() {
    var chunks =
        chunks(
            server
                .writes("xE")
                .chat(HI + ", \"stream\": true, \"stop\": \"E\", \"return_token_ids\": true"));
    assertEquals("[68,2]", chunks.getFirst().get("prompt_token_ids").toString());
    assertEquals("[40]", chunks.getLast().get("choices").get(0).get("token_ids").toString());
  }

  @Test
  void anEchoedPromptComesFirst() {
    var chunks =
        chunks(
            server
                .writes("xy")
                .complete("\"prompt\": \"ab\", \"echo\": true, \"stream\": true, \"logprobs\": 0"));
    var first = chunks.getFirst().get("choices").get(0);
    assertEquals("abx", first.get("text").asText());
    assertEquals("[null,-8.625,-11.375]", first.get("logprobs").get("token_logprobs").toString());
    assertEquals(
        "[3]", chunks.get(1).get("choices").get(0).get("logprobs").get("text_offset").toString());
  }

  private static String stream(String options) {
    return ", \"stream\": true, \"stream_options\": {" + options + "}";
  }

  private static JsonNode usage(int prompt, int completion) {
    return ApiServer.json(
        "{\"prompt_tokens\": %d, \"completion_tokens\": %d, \"total_tokens\": %d}"
            .formatted(prompt, completion, prompt + completion));
  }

  private static String header(HttpResponse<String> response, String name) {
    return response.headers().firstValue(name).orElseThrow();
  }

  /// The chunks before `[DONE]`.
  private static List<JsonNode> chunks(HttpResponse<String> response) {
    assertEquals(200, response.statusCode(), response.body());
    var events = ApiServer.events(response);
    assertEquals("[DONE]", events.getLast());
    return events.subList(0, events.size() - 1).stream()
        .map(ApiServer::json)
        .collect(Collectors.toList());
  }

  private static String text(List<JsonNode> chunks, int index) {
    return choices(chunks, index).stream()
        .map(c -> c.has("delta") ? c.get("delta").path("content").asText() : c.get("text").asText())
        .collect(Collectors.joining());
  }

  private static List<String> finishReasons(List<JsonNode> chunks, int index) {
    return choices(chunks, index).stream()
        .filter(choice -> !choice.get("finish_reason").isNull())
        .map(choice -> choice.get("finish_reason").asText())
        .toList();
  }

  private static List<JsonNode> choices(List<JsonNode> chunks, int index) {
    return chunks.stream()
        .map(chunk -> chunk.get("choices").get(0))
        .filter(choice -> choice.get("index").asInt() == index)
        .toList();
  }
}
