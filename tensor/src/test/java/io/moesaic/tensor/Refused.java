package io.moesaic.tensor;

import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.function.Executable;

/// The sentence with which something was refused.
public final class Refused {
  private Refused() {}

  public static String with(Class<? extends Throwable> type, Executable action) {
    return String.valueOf(assertThrows(type, action).getMessage());
  }
}
