package io.moesaic.deploy.digits;

import static io.moesaic.deploy.digits.Digits.PIXELS;
import static io.moesaic.deploy.digits.Digits.SIDE;

import java.util.Random;

/// Draws an image again as another hand might have: turned, slanted, stretched and moved a little,
/// all by one random affine map.
///
/// @param stretch how far an entry of the map's matrix may be from the identity's
/// @param shift how many pixels the image may move each way
record Warp(double stretch, double shift) {
  private static final double CENTRE = (SIDE - 1) / 2.0;

  /// @return a new image, `[64]`
  float[] apply(float[] image, Random random) {
    double downDown = 1 + within(stretch, random);
    double downRight = within(stretch, random);
    double rightDown = within(stretch, random);
    double rightRight = 1 + within(stretch, random);
    double down = CENTRE + within(shift, random);
    double right = CENTRE + within(shift, random);
    var warped = new float[PIXELS];
    for (int row = 0; row < SIDE; row++) {
      for (int column = 0; column < SIDE; column++) {
        double y = row - CENTRE;
        double x = column - CENTRE;
        warped[row * SIDE + column] =
            (float)
                between(
                    image,
                    down + downDown * y + downRight * x,
                    right + rightDown * y + rightRight * x);
      }
    }
    return warped;
  }

  private static double within(double bound, Random random) {
    return bound * (2 * random.nextDouble() - 1);
  }

  /// The ink at a point between four pixels, by how near it is to each.
  private static double between(float[] image, double y, double x) {
    int row = (int) Math.floor(y);
    int column = (int) Math.floor(x);
    double lower = y - row;
    double righter = x - column;
    return (1 - lower)
            * ((1 - righter) * ink(image, row, column) + righter * ink(image, row, column + 1))
        + lower
            * ((1 - righter) * ink(image, row + 1, column)
                + righter * ink(image, row + 1, column + 1));
  }

  /// Around the image is paper.
  private static float ink(float[] image, int row, int column) {
    boolean inside = row >= 0 && row < SIDE && column >= 0 && column < SIDE;
    return inside ? image[row * SIDE + column] : 0;
  }
}
