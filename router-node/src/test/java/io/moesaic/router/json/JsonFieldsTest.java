package io.moesaic.router.json;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moesaic.tensor.Refused;
import org.junit.jupiter.api.Test;

class JsonFieldsTest {
  @Test
  void bytesThatAreNoTextAreRefusedAsWell() {
    assertEquals(
        "It is not JSON: its bytes are not text in UTF-8",
        Refused.with(
            FieldException.class,
            () -> JsonFields.parse(new byte[] {0, 0, 0, '{', 'x', 'x', 'x', 'x'})));
  }
}
