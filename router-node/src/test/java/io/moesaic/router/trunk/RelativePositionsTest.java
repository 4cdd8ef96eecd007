package io.moesaic.router.trunk;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RelativePositionsTest {
  /// By hand, from the formula of the paper's code: 8 buckets for each side, the first 4 exact, the
  /// others up to 4 · 32^(1/4), 4 · 32^(2/4), 4 · 32^(3/4) and beyond.
  @Test
  void nearPositionsAreToldApartAndFarOnesShareBuckets() {
    var both = new RelativePositions(16, 128, true);
    int[] distances = {0, -1, -3, -4, -9, -10, -22, -23, -53, -54, -128, -5000, 1, 3, 4, 10, 54};
    int[] expected = {0, 1, 3, 4, 4, 5, 5, 6, 6, 7, 7, 7, 9, 11, 12, 13, 15};
    assertEquals(
        IntStream.of(expected).boxed().toList(),
        IntStream.of(distances).map(both::bucket).boxed().toList());
  }

  @Test
  void whoDoesNotLookAheadHasAllBucketsForWhatIsBehind() {
    var behind = new RelativePositions(8, 128, false);
    int[] distances = {7, 1, 0, -1, -3, -4, -9, -10, -22, -23, -53, -54, -128, -5000};
    int[] expected = {0, 0, 0, 1, 3, 4, 4, 5, 5, 6, 6, 7, 7, 7};
    assertEquals(
        IntStream.of(expected).boxed().toList(),
        IntStream.of(distances).map(behind::bucket).boxed().toList());
  }
}
