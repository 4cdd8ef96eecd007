package io.moesaic.deploy.tune;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moesaic.tensor.Matrix;
import org.junit.jupiter.api.Test;

class LikelihoodTest {
  private static Matrix row(float... logits) {
    var matrix = Matrix.allocate(1, logits.length);
    for (int i = 0; i < logits.length; i++) {
      matrix.set(0, i, logits[i]);
    }
    return matrix;
  }

  @Test
  void equalLogitsShareTheProbability() {
    assertEquals(Math.log(4), Likelihood.negativeLog(row(7, 7, 7, 7), 0, 2), 1e-15);
  }

  @Test
  void aLogitThatIsHigherByLog3IsThreeTimesAsLikely() {
    var logits = row(0, (float) Math.log(3));
    assertEquals(Math.log(4.0 / 3), Likelihood.negativeLog(logits, 0, 1), 1e-7);
    assertEquals(Math.log(4), Likelihood.negativeLog(logits, 0, 0), 1e-7);
  }

  @Test
  void hugeLogitsStayFinite() {
    assertEquals(0, Likelihood.negativeLog(row(3e38f, -3e38f), 0, 0));
    assertEquals(2000, Likelihood.negativeLog(row(1000, -1000), 0, 1));
  }
}
