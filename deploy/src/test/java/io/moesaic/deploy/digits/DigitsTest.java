package io.moesaic.deploy.digits;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DigitsTest {
  private static final String ZEROS = "0,".repeat(64);

  @TempDir private Path directory = Path.of(".");

  private Digits digits(String... lines) throws IOException {
    var file = directory.resolve("d.csv");
    Files.write(file, List.of(lines));
    return Digits.read(file);
  }

  private String refusal(String... lines) {
    var message = assertThrows(IOException.class, () -> digits(lines)).getMessage();
    return String.valueOf(message).replace(directory.resolve("d.csv").toString(), "d.csv");
  }

  @Test
  void theBundledFileHolds1797ImagesOf1500AreFitted() throws IOException {
    var digits = Bundled.digits();
    assertEquals(1797, digits.size());
    assertEquals(1500, digits.fitted().size());
    assertEquals(297, digits.heldOut().size());
    assertEquals(digits.label(1500), digits.heldOut().label(0));
    // The third pixel of the first image is a 5 of 16.
    assertEquals(0.3125f, digits.pixels()[0][2]);
    assertEquals(0, digits.label(0));
    assertEquals(8, digits.heldOut().label(296));
  }

  @Test
  void pixelsAreBetweenPaperAndInk() throws IOException {
    var digits = digits("header", "0,16,8," + "0,".repeat(61) + "7");
    assertEquals(0, digits.pixels(0)[0]);
    assertEquals(1, digits.pixels(0)[1]);
    assertEquals(0.5f, digits.pixels(0)[2]);
    assertEquals(7, digits.label(0));
  }

  @Test
  void refusesALineByNumberFieldAndBound() {
    assertEquals(
        "d.csv, line 2: has 3 fields, must have 64 pixels and the digit",
        refusal("header", "1,2,3"));
    assertEquals(
        "d.csv, line 3: pixel 1 is \"17\", must be an integer from 0 to 16",
        refusal("header", ZEROS + "1", "0,17," + "0,".repeat(62) + "1"));
    assertEquals(
        "d.csv, line 2: pixel 0 is \"-1\", must be an integer from 0 to 16",
        refusal("header", "-1," + "0,".repeat(63) + "1"));
    assertEquals(
        "d.csv, line 2: the digit is \"10\", must be an integer from 0 to 9",
        refusal("header", ZEROS + "10"));
    assertEquals(
        "d.csv, line 2: the digit is \"\", must be an integer from 0 to 9",
        refusal("header", ZEROS));
    assertEquals(
        "d.csv: holds no image, must be a header line and a line for each", refusal("header"));
  }

  @Test
  void aShortFileHasNoHeldOutRows() throws IOException {
    var digits = digits("header", ZEROS + "1");
    var refused = assertThrows(IllegalStateException.class, digits::heldOut);
    assertEquals(
        "rows from 1500 on are asked for, but there are only 1: this needs the bundled digits.csv",
        refused.getMessage());
  }

  @Test
  void accuracyIsThePartOfRowsWhoseHighestScoreIsTheDigit() throws IOException {
    var digits = digits("header", ZEROS + "3", ZEROS + "0", ZEROS + "3", ZEROS + "9");
    assertEquals(0.5, digits.accuracy(rows -> scores(rows.length, 3)));
    assertEquals(0.25, digits.accuracy(rows -> scores(rows.length, 9)));
    // Columns after the tenth are no scores; among equal scores the lower digit counts.
    assertEquals(0.25, digits.accuracy(rows -> scores(rows.length, 40)));
    var refused =
        assertThrows(IllegalArgumentException.class, () -> digits.accuracy(_ -> scores(3, 3)));
    assertEquals("the layer answered 3 rows, but 4 were asked", refused.getMessage());
  }

  private static float[][] scores(int rows, int column) {
    var scores = new float[rows][64];
    for (var row : scores) {
      row[column] = 1;
    }
    return scores;
  }
}
