package io.moesaic.router.api;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.moesaic.router.capacity.CapacityJson;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What answers tell of the experts.
class MoeReportTest {
  private final ApiServer server = ApiServer.serving().writes("bcd");

  @AfterEach
  void stop() {
    server.close();
  }

  /// A file of NumPy's, read as its documentation says.
  record Array(String type, List<Integer> shape, List<Integer> elements) {
    static Array parse(byte[] file) {
      var bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
      var magic = new byte[8];
      bytes.get(magic);
      assertEquals("\u0093NUMPY\u0001\u0000", new String(magic, ISO_8859_1));
      var header = new byte[bytes.getShort()];
      bytes.get(header);
      assertEquals(0, bytes.position() % 64);
      var matcher =
          Pattern.compile(
                  "\\{'descr': '(<i[24])', 'fortran_order': False, 'shape': \\((.*)\\), \\} *\n")
              .matcher(new String(header, US_ASCII));
      assertTrue(matcher.matches(), new String(header, US_ASCII));
      List<Integer> elements = new ArrayList<>();
      while (bytes.hasRemaining()) {
        elements.add(matcher.group(1).equals("<i2") ? bytes.getShort() : bytes.getInt());
      }
      var shape = Pattern.compile(", ").splitAsStream(matcher.group(2)).map(Integer::valueOf);
      return new Array(matcher.group(1), shape.toList(), elements);
    }

    /// What the generator tells of so many positions.
    static Array ofPositions(int count) {
      return new Array(
          "<i2",
          List.of(count, 2, 2),
          IntStream.range(0, count)
              .flatMap(position -> IntStream.of(FakeGenerator.experts(position)))
              .boxed()
              .toList());
    }
  }

  private static Array experts(JsonNode choice) {
    return Array.parse(Base64.getDecoder().decode(choice.get("routed_experts").asText()));
  }

  /// @param offered 4 choices for each position
  private static JsonNode moe(int offered, int dropped, String capacity, boolean dependent) {
    return ApiServer.json(
        """
        {"offered": %d, "accepted": %d, "dropped": %d, "rerouted": 0, "capacity": %s,
         "batch_dependent": %s}
        """
            .formatted(offered, offered - dropped, dropped, capacity, dependent));
  }

  @Test
  void tellsNothingUnlessAsked() {
    var json = ApiServer.json(server.complete("\"prompt\": \"a\""));
    assertFalse(json.has("moe"));
    assertFalse(json.get("choices").get(0).has("routed_experts"));
  }

  @Test
  void tellsTheTotalsOfAllChoices() {
    // 2 tokens of prompt and 3 of text, the last of which is not fed back, twice
    var json =
        ApiServer.json(server.complete("\"prompt\": [4, 5], \"n\": 2, \"return_moe_stats\": true"));
    assertEquals(moe(2 * 4 * 4, 2, "{\"overflow\": \"none\"}", false), json.get("moe"));
    assertFalse(json.get("choices").get(0).has("routed_experts"));
  }

  @Test
  void tellsTheCapacityInForceAndWhetherOthersHaveAnInfluence() {
    server.capacity.replace(CapacityJson.parse("{\"factor\": 2, \"scope\": \"step\"}"));
    var asked = "\"prompt\": [4], \"return_moe_stats\": true";
    var standing = ApiServer.json(server.complete(asked)).get("moe");
    assertTrue(standing.get("batch_dependent").asBoolean());
    assertEquals(2, standing.get("capacity").get("factor").asInt());
    assertEquals("step", standing.get("capacity").get("scope").asText());
    var own =
        ApiServer.json(server.complete(asked + ", \"moe\": {\"capacity\": {\"factor\": 1}}"))
            .get("moe");
    assertFalse(own.get("batch_dependent").asBoolean());
    assertEquals(
        CapacityJson.write(CapacityJson.parse("{\"factor\": 1}")).toString(),
        own.get("capacity").toString());
  }

  @Test
  void tellsTheExpertsOfEachChoice() {
    var json =
        ApiServer.json(
            server.complete(
                "\"prompt\": [[4, 5], [6]], \"max_tokens\": 2, \"return_routed_experts\": true"));
    assertEquals(Array.ofPositions(3), experts(json.get("choices").get(0)));
    assertEquals(Array.ofPositions(2), experts(json.get("choices").get(1)));
    var chat =
        ApiServer.json(
            server.chat(
                "\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"max_tokens\": 1,"
                    + " \"return_routed_experts\": true"));
    int prompt = chat.get("usage").get("prompt_tokens").asInt();
    assertEquals(Array.ofPositions(prompt), experts(chat.get("choices").get(0)));
  }

  @Test
  void aTextThatAStopStringEndsIsToldUpToThere() {
    var json =
        ApiServer.json(
            server.complete(
                "\"prompt\": [4, 5], \"stop\": \"c\", \"return_routed_experts\": true,"
                    + " \"return_moe_stats\": true"));
    assertEquals("b", json.get("choices").get(0).get("text").asText());
    assertEquals(Array.ofPositions(3), experts(json.get("choices").get(0)));
    assertEquals(12, json.get("moe").get("offered").asInt());
  }

  @Test
  void aStreamTellsExpertsAtTheEndOfATextAndTotalsAtItsOwn() {
    for (var usage : List.of("", ", \"stream_options\": {\"include_usage\": true}")) {
      var fields =
          ", \"max_tokens\": 3, \"stream\": true, \"return_moe_stats\": true,"
              + " \"return_routed_experts\": true"
              + usage;
      for (var response :
          List.of(
              server.complete("\"prompt\": [4, 5]" + fields),
              server.chat("\"messages\": [{\"role\": \"user\", \"content\": \"a\"}]" + fields))) {
        var events = ApiServer.events(response);
        assertEquals("[DONE]", events.getLast());
        var chunks = events.subList(0, events.size() - 1).stream().map(ApiServer::json).toList();
        var last = chunks.getLast();
        assertEquals(0, last.get("choices").size());
        assertEquals(!usage.isEmpty(), last.has("usage"));
        var end = chunks.get(chunks.size() - 2).get("choices").get(0);
        assertEquals("length", end.get("finish_reason").asText());
        int positions = experts(end).shape().getFirst();
        assertEquals(Array.ofPositions(positions), experts(end));
        assertEquals(moe(4 * positions, 1, "{\"overflow\": \"none\"}", false), last.get("moe"));
        for (var chunk : chunks.subList(0, chunks.size() - 2)) {
          assertFalse(chunk.has("moe"), chunk.toString());
          assertFalse(chunk.get("choices").get(0).has("routed_experts"), chunk.toString());
        }
      }
    }
  }

  @Test
  void numbersThatNeedItTakeFourBytes() {
    assertEquals(Npy.Type.INT16, Npy.typeFor(32_768));
    assertEquals(Npy.Type.INT32, Npy.typeFor(32_769));
    var rows = List.of(new int[] {-1, 40_000, 2, 3}, new int[] {4, 5, 6, 7});
    assertEquals(
        new Array("<i4", List.of(2, 2, 2), List.of(-1, 40_000, 2, 3, 4, 5, 6, 7)),
        Array.parse(Npy.of(rows, 2, Npy.Type.INT32)));
    assertEquals(
        new Array("<i2", List.of(0, 3, 0), List.of()),
        Array.parse(Npy.of(List.of(), 3, Npy.Type.INT16)));
  }
}
