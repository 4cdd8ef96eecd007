package io.moesaic.deploy.digits;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class WarpTest {
  private final Random random = new Random(5);

  private static float[] dot(int row, int column) {
    var image = new float[64];
    image[row * 8 + column] = 1;
    return image;
  }

  @Test
  void noStretchAndNoShiftChangeNothing() {
    var image = new float[64];
    for (int i = 0; i < 64; i++) {
      image[i] = random.nextFloat();
    }
    assertArrayEquals(image, new Warp(0, 0).apply(image, random));
  }

  @Test
  void aDotIsSharedAmongThePixelsAroundWhereItGoes() {
    for (int i = 0; i < 100; i++) {
      var warped = new Warp(0, 1).apply(dot(3, 4), random);
      double ink = 0;
      for (int pixel = 0; pixel < 64; pixel++) {
        ink += warped[pixel];
        boolean near = Math.abs(pixel / 8 - 3) <= 1 && Math.abs(pixel % 8 - 4) <= 1;
        assertTrue(near || warped[pixel] == 0, "ink at " + pixel);
      }
      assertEquals(1, ink, 1e-6);
    }
  }

  @Test
  void nothingComesInFromOutside() {
    for (int i = 0; i < 100; i++) {
      var warped = new Warp(0.2, 8).apply(new float[64], random);
      assertArrayEquals(new float[64], warped);
    }
  }

  @Test
  void everyImageIsWarpedAnew() {
    var warp = new Warp(0.1, 0.5);
    assertFalse(Arrays.equals(warp.apply(dot(3, 4), random), warp.apply(dot(3, 4), random)));
  }
}
