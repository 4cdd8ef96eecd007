package io.moesaic.router.jinja;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/// Templates that describe tools to the model.
class ToolTest {
  private static final Map<String, ?> TOOL = Map.of("name", "f", "parameters", parameters());

  private static Map<String, ?> parameters() {
    var properties = new LinkedHashMap<String, Object>();
    properties.put("a", Map.of("type", "array", "items", Map.of("type", "integer")));
    properties.put("b", Map.of("type", List.of("string", "null")));
    properties.put("c", Map.of("enum", List.of("x", "y")));
    properties.put("d", Map.of("properties", Map.of("e", Map.of())));
    return Map.of("properties", properties, "required", List.of("a"));
  }

  @Test
  void aMacroMayDescribeTypesThatNest() throws Exception {
    assertEquals(
        """
        <|start|>system<|message|>You are a model.
        Current date: 2026-11-02

        Reasoning: medium

        # Valid channels: analysis, commentary, final.<|end|>\
        <|start|>developer<|message|># Instructions


        type f = (_: {
        a: number[],
        b?: string | null,
        c?: "x" | "y",
        d?: {
        e?: any
        }
        }) => any;<|end|><|start|>user<|message|>Hi<|end|><|start|>assistant\
        """,
        render("harmony"));
  }

  @Test
  void toolsMayBeJson() throws Exception {
    assertEquals(
        """
        <|im_start|>system
        # Tools

        {"name": "g", "n": [1, 2.0, null, true]}<|im_end|>
        <|im_start|>user
        Hi<|im_end|>
        <|im_start|>assistant
        """,
        render("qwen"));
  }

  private static String render(String name) throws IOException, JinjaException {
    var json = new LinkedHashMap<String, Object>();
    json.put("name", "g");
    json.put("n", Arrays.asList(1, 2.0, null, true));
    var clock = Clock.fixed(Instant.parse("2026-11-02T15:04:05Z"), ZoneOffset.UTC);
    try (var in = ToolTest.class.getResourceAsStream("/chat/" + name + ".jinja")) {
      var template = new String(Objects.requireNonNull(in).readAllBytes(), UTF_8);
      return JinjaTemplate.parse(template)
          .render(
              Map.of(
                  "messages", List.of(Map.of("role", "user", "content", "Hi")),
                  "tools", List.of(name.equals("qwen") ? json : TOOL),
                  "add_generation_prompt", true),
              clock);
    }
  }
}
