package io.moesaic.router.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Renders templates with the same few variables. What the tests expect is what Jinja 3.1 gives.
final class Rendering {
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2026-11-02T15:04:05Z"), ZoneOffset.UTC);

  private static final Map<String, @Nullable Object> VARIABLES = new HashMap<>();

  static {
    VARIABLES.put("text", "Hello");
    VARIABLES.put("emoji", "a😀é");
    VARIABLES.put("numbers", List.of(3, 1, 2));
    VARIABLES.put("words", List.of("b", "A", "c"));
    VARIABLES.put("pairs", List.of(List.of(1, "x"), List.of(2, "y")));
    VARIABLES.put("empty", List.of());
    VARIABLES.put("nothing", null);
    var item = new LinkedHashMap<String, Object>();
    item.put("b", "two");
    item.put("a", 1);
    VARIABLES.put("item", item);
    VARIABLES.put(
        "messages",
        List.of(message("user", " Hi\n"), message("assistant", "Yes?"), message("user", "<b>")));
  }

  private Rendering() {}

  private static Map<String, String> message(String role, String content) {
    var message = new LinkedHashMap<String, String>();
    message.put("role", role);
    message.put("content", content);
    return message;
  }

  static String of(String template) throws JinjaException {
    return JinjaTemplate.parse(template).render(VARIABLES, CLOCK);
  }

  static void assertRenders(String expected, String template) {
    try {
      assertEquals(expected, of(template), template);
    } catch (JinjaException e) {
      throw new AssertionError(template, e);
    }
  }

  static void assertFails(String sentence, String template) {
    var failure = assertThrows(JinjaException.class, () -> of(template), template);
    assertEquals(sentence, failure.getMessage(), template);
  }
}
