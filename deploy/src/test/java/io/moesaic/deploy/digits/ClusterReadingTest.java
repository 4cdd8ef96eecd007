package io.moesaic.deploy.digits;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class ClusterReadingTest {
  private final JacobsMixture mixture = DigitModel.read(Bundled.model());
  private final Digits images = Bundled.digits().heldOut();
  private final float[][] scores = mixture.layer(images.pixels());

  ClusterReadingTest() throws IOException {}

  private ReadingReport report() {
    return ClusterReading.report("digits", List.of(), mixture, images, scores);
  }

  @Test
  void whatTheMixtureItselfSaysPasses() {
    var report = report();
    assertTrue(report.passed());
    assertEquals(0, report.largestError());
    assertEquals(285, report.right());
    assertEquals(285.0 / 297, report.accuracy());
  }

  @Test
  void aScoreThatDiffersFails() {
    scores[200][63] += 1.1e-5f;
    var report = report();
    assertFalse(report.passed());
    assertEquals(1.1e-5, report.largestError(), 1e-9);
    assertEquals(285, report.right());
  }

  @Test
  void aScoreThatIsNoNumberFails() {
    scores[0][5] = Float.NaN;
    assertFalse(report().passed());
  }

  @Test
  void tooFewRightFail() {
    var report = report();
    // 282 of 297 are below 95 %.
    report.readings().stream()
        .filter(Reading::right)
        .limit(3)
        .forEach(r -> scores[r.row() - Digits.FITTED_ROWS][(r.digit() + 1) % 10] = 9);
    assertEquals(282, report().right());
    assertFalse(report().passed());
  }

  @Test
  void itsExamplesAreOneForEachExpertAndOneMisread() {
    var examples = report().examples();
    assertEquals(
        List.of(0, 1, 2, 3), examples.subList(0, 4).stream().map(Reading::expert).toList());
    assertEquals(5, examples.size());
    assertTrue(examples.subList(0, 4).stream().allMatch(Reading::right));
    assertFalse(examples.getLast().right());
    assertEquals("passed", ReadingText.lines(report()).getLast());
  }
}
