package io.moesaic.deploy.spelling;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class NearestNameTest {
  private static final List<String> KNOWN = List.of("http", "experts", "threads", "kv-tokens");

  @Test
  void findsTheNameThatAFewEditsLeadTo() {
    assertEquals(Optional.of("experts"), NearestName.of("expert", KNOWN));
    assertEquals(Optional.of("threads"), NearestName.of("thraeds", KNOWN));
    assertEquals(Optional.of("kv-tokens"), NearestName.of("kv_tokens", KNOWN));
  }

  @Test
  void findsNothingForAWordThatIsFarFromAll() {
    assertEquals(Optional.empty(), NearestName.of("colour", KNOWN));
    assertEquals("", NearestName.hint("colour", KNOWN));
  }
}
