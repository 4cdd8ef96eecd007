package io.moesaic.deploy.digits;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class CompetitiveFitTest {
  private static final FitRecipe SHORT =
      new FitRecipe(new MixtureSize(3, 8), 4, 32, 6e-3, 2e-3, 0.1, 1, 0.1, 0.5);

  @Test
  void theSeedDecidesEveryBit() throws IOException {
    var digits = Bundled.digits().fitted();
    var once = new CompetitiveFit(SHORT, 7).fit(digits, FitProgress.SILENT);
    var again = new CompetitiveFit(SHORT, 7).fit(digits, FitProgress.SILENT);
    var other = new CompetitiveFit(SHORT, 8).fit(digits, FitProgress.SILENT);
    assertArrayEquals(once.parameters(), again.parameters());
    assertFalse(Arrays.equals(once.parameters(), other.parameters()));
  }

  @Test
  void tellsEachEpochWhileItGetsBetter() throws IOException {
    List<Double> accuracies = new ArrayList<>();
    var mixture =
        new CompetitiveFit(SHORT, 7)
            .fit(
                Bundled.digits().fitted(),
                (epoch, loss, accuracy) -> {
                  accuracies.add(accuracy);
                  assertEquals(accuracies.size(), epoch);
                  assertTrue(loss > 0, "loss " + loss);
                });
    assertEquals(4, accuracies.size());
    assertTrue(accuracies.getLast() > accuracies.getFirst() + 0.2, accuracies.toString());
    assertTrue(
        Bundled.digits().heldOut().accuracy(mixture::layer) > 0.5, "held out, after 4 epochs");
  }

  @Test
  void theVarianceWidensAndThenStays() {
    var recipe = SHORT.withEpochs(100);
    assertEquals(0.1, recipe.variance(0), 1e-12);
    assertEquals(Math.sqrt(0.1), recipe.variance(30), 1e-12);
    assertEquals(1, recipe.variance(60), 1e-12);
    assertEquals(1, recipe.variance(99), 1e-12);
  }

  @Test
  void aRecipeNamesWhatIsOutOfBounds() {
    var refused = assertThrows(IllegalArgumentException.class, () -> SHORT.withEpochs(0));
    assertEquals("epochs is 0, must be from 1 to 10000", refused.getMessage());
    refused = assertThrows(IllegalArgumentException.class, () -> new MixtureSize(65, 1));
    assertEquals("experts is 65, must be from 1 to 64", refused.getMessage());
  }
}
