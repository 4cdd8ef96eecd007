package io.moesaic.deploy.digits;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class SpecialisationTest {
  @Test
  void sharesAreMeansOverTheImagesOfADigit() throws IOException {
    var digits = Bundled.digits().heldOut();
    // Odd digits go to expert 1, of the even ones every image a quarter.
    var shares = new float[digits.size()][];
    for (int row = 0; row < shares.length; row++) {
      shares[row] = digits.label(row) % 2 == 1 ? new float[] {0, 1} : new float[] {0.75f, 0.25f};
    }
    var table = Specialisation.of(digits, shares);
    assertEquals(1, table.share(3, 1));
    assertEquals(0.75, table.share(4, 0));
    assertEquals(1, table.decides(3));
    assertEquals(0, table.decides(4));
  }

  @Test
  void theTableShadesEachShareByItsQuarter() {
    List<List<Double>> shares = new ArrayList<>(Collections.nCopies(10, List.of(0.0, 0.5, 0.5)));
    shares.set(1, List.of(0.04, 0.06, 0.9));
    shares.set(2, List.of(0.3, 0.0, 0.7));
    shares.set(3, List.of(1.0, 0.0, 0.0));
    var lines = new Specialisation(shares).lines();
    assertEquals(11, lines.size());
    assertEquals(
        """
        DIGIT   EXPERT 0   EXPERT 1   EXPERT 2   DECIDES
        0              0%  ▓▓▓▓  50%  ▓▓▓▓  50%  expert 1
        1              4%  ░░░░   6%  ████  90%  expert 2
        2       ▒▒▒▒  30%         0%  ▓▓▓▓  70%  expert 2
        3       ████ 100%         0%         0%  expert 0
        """
            .lines()
            .toList(),
        lines.subList(0, 5));
  }

  @Test
  void sharesMustMatchTheImages() throws IOException {
    var digits = Bundled.digits();
    var refused =
        assertThrows(
            IllegalArgumentException.class, () -> Specialisation.of(digits, new float[3][4]));
    assertEquals("there are shares for 3 rows, but 1797 images", refused.getMessage());
  }
}
