package io.moesaic.router.json;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class JsonFieldsTest {
  private enum Colour {
    LIGHT_RED,
    BLUE
  }

  private static JsonFields fields(String json) {
    return JsonFields.parse(json.replace('\'', '"').getBytes(UTF_8));
  }

  private static String refusal(String json, Function<JsonFields, Object> reading) {
    var fields = fields(json);
    return String.valueOf(
        assertThrows(FieldException.class, () -> reading.apply(fields)).getMessage());
  }

  @Test
  void absentAndNullAreTheSame() {
    var fields = fields("{'a': null}");
    assertEquals(3, fields.integer("a", 3, 1, 5));
    assertEquals(3, fields.integer("b", 3, 1, 5));
    assertEquals(0.5, fields.real("a", 0.5, 0, 1));
    assertEquals(0.5f, fields.number("a", 0.5f, 0, 1));
    assertEquals(9L, fields.longInteger("a", 9));
    assertEquals(Colour.BLUE, fields.choice("a", Colour.BLUE));
    assertNull(fields.text("a"));
    assertNull(fields.object("a"));
    assertFalse(fields.flag("a", false));
    assertFalse(fields.has("a"));
  }

  @Test
  void boundsAreNamedAsPeopleWriteThem() {
    assertEquals(
        "x is 2.5 but must be a number from -1 to 2",
        refusal("{'x': 2.5}", f -> f.number("x", 0, -1, 2)));
    assertEquals(
        "x is 0 but must be a number above 0, at most 0.5",
        refusal("{'x': 0}", f -> f.number("x", 1, Float.MIN_VALUE, 0.5f)));
    assertEquals(
        "x is missing, must be above 0, at most 4",
        refusal("{}", f -> f.required("x", Double.MIN_VALUE, 4)));
    assertEquals(
        "x is missing, must be an integer from 1 to 4",
        refusal("{}", f -> f.requiredInteger("x", 1, 4)));
    assertEquals(
        "x is 3000000000 but must be an integer from 1 to 4",
        refusal("{'x': 3000000000}", f -> f.integer("x", 1, 1, 4)));
  }

  @Test
  void namesOfChoicesAreInLowerCase() {
    assertEquals(Colour.LIGHT_RED, fields("{'x': 'light_red'}").choice("x", Colour.BLUE));
    assertEquals(
        "x is \"red\" but must be one of light_red, blue",
        refusal("{'x': 'red'}", f -> f.choice("x", Colour.BLUE)));
  }

  @Test
  void aFieldInsideHasItsPath() {
    var inner = Objects.requireNonNull(fields("{'a': {'b': {'c': 1}}}").object("a")).object("b");
    var refusal = assertThrows(FieldException.class, () -> Objects.requireNonNull(inner).text("c"));
    assertEquals("a.b.c", refusal.field());
    assertEquals("a.b.c is 1 but must be a string", refusal.getMessage());
  }

  @Test
  void whatNobodyAskedForIsUnknown() {
    var fields = fields("{'a': 1, 'b': 2, 'c': 3}");
    assertEquals(1, fields.integer("a", 0, 0, 9));
    assertEquals(Set.of("b", "c"), fields.unknown());
    var refusal = assertThrows(FieldException.class, fields::requireNoOthers);
    assertEquals("b is not known here; known are a", refusal.getMessage());
  }

  @Test
  void whatAConstructorRefusesGetsThePathOfTheObject() {
    var inner = Objects.requireNonNull(fields("{'a': {}}").object("a"));
    var refusal =
        assertThrows(
            FieldException.class,
            () ->
                inner.build(
                    () -> {
                      throw new IllegalArgumentException("k is 3, must be 2");
                    }));
    assertEquals("a.k", refusal.field());
    assertEquals("a.k is 3, must be 2", refusal.getMessage());
  }

  @Test
  void longValuesAreCutInMessages() {
    var message = refusal("{'x': '%s'}".formatted("y".repeat(500)), f -> f.integer("x", 1, 1, 4));
    assertEquals(100, message.indexOf("...") - "x is ".length());
    assertEquals(
        "x is an array of 3 but must be a string", refusal("{'x': [1, 2, 3]}", f -> text(f)));
    assertEquals(
        "x is an object of 0 fields but must be a string", refusal("{'x': {}}", f -> text(f)));
  }

  private static String text(JsonFields fields) {
    return Objects.requireNonNull(fields.text("x"));
  }

  @Test
  void onlyOneObjectIsJson() {
    for (var json : new String[] {"", "{", "{'a': 1} 2", "{'a': 1, 'a': 2}", "{'a': NaN}"}) {
      var refusal = assertThrows(FieldException.class, () -> fields(json));
      assertEquals("", refusal.field());
    }
  }

  @Test
  void bytesThatAreNoTextAreRefusedAsWell() {
    var refusal =
        assertThrows(
            FieldException.class,
            () -> JsonFields.parse(new byte[] {0, 0, 0, '{', 'x', 'x', 'x', 'x'}));
    assertEquals("It is not JSON: its bytes are not text in UTF-8", refusal.getMessage());
  }
}
