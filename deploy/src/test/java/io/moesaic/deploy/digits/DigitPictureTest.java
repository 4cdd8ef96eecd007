package io.moesaic.deploy.digits;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Collections;
import org.junit.jupiter.api.Test;

class DigitPictureTest {
  /// Ink that grows from left to right, paper in the lower half.
  private static Reading reading(int row, int digit, int read) {
    var pixels = new float[Digits.PIXELS];
    for (int i = 0; i < Digits.PIXELS / 2; i++) {
      pixels[i] = i % Digits.SIDE / 7f;
    }
    return new Reading(row, pixels, digit, read, 2, 0.876);
  }

  @Test
  void theMoreInkTheDarker() {
    var lines = DigitPicture.lines(Collections.nCopies(1, reading(1500, 3, 3)));
    assertEquals(10, lines.size());
    assertEquals("  ░░░░▒▒▒▒▓▓▓▓██", lines.getFirst());
    assertEquals("", lines.get(7));
    assertEquals("row 1500: 3", lines.get(8));
    assertEquals("expert 2, 88 %", lines.get(9));
  }

  @Test
  void aMisreadImageTellsBoth() {
    var lines = DigitPicture.lines(Collections.nCopies(1, reading(1501, 3, 8)));
    assertEquals("row 1501: 8, not 3", lines.get(8));
  }

  @Test
  void fiveStandSideBySide() {
    var lines = DigitPicture.lines(Collections.nCopies(7, reading(1500, 3, 3)));
    assertEquals(21, lines.size());
    assertEquals(
        "row 1500: 3        row 1500: 3        row 1500: 3        row 1500: 3        row 1500: 3",
        lines.get(8));
    assertEquals("", lines.get(10));
    assertEquals("row 1500: 3        row 1500: 3", lines.get(19));
  }
}
