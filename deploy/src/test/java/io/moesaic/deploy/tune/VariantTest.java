package io.moesaic.deploy.tune;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.router.capacity.CapacityPolicy.Overflow;
import io.moesaic.router.capacity.CapacityPolicy.Priority;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VariantTest {
  @Test
  void isReadAsItIsWrittenOnCommandLines() {
    assertEquals(new Variant(Overflow.DROP, Priority.POSITION), Variant.parse("drop:position"));
    assertEquals(
        new Variant(Overflow.NEXT_CHOICE, Priority.PROBABILITY), Variant.parse("next-choice"));
    assertEquals("local by batch prioritized", Variant.parse("local:batch-prioritized").label());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "drop:", "dorp", "drop:first", "DROP", "drop:position:rank"})
  void whatItIsNotIsToldWithWhatIsAllowed(String text) {
    var failure = assertThrows(IllegalArgumentException.class, () -> Variant.parse(text));
    var message = String.valueOf(failure.getMessage());
    assertTrue(message.contains("\"" + text + "\""), message);
    assertTrue(message.contains("drop, next-choice, local,"), message);
    assertTrue(message.contains("position, rank, probability"), message);
  }

  @Test
  void noLimitIsNoVariant() {
    assertThrows(IllegalArgumentException.class, () -> Variant.parse("none"));
  }
}
