package io.moesaic.deploy.digits;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/// Images of handwritten digits, and which digits they are. Immutable by convention: the arrays
/// handed out are not to be written to.
public final class Digits {
  /// Images are this many pixels high and wide.
  static final int SIDE = 8;

  /// Pixels of an image, in row order.
  public static final int PIXELS = SIDE * SIDE;

  /// The digits 0 to 9.
  public static final int CLASSES = 10;

  /// Rows of the bundled file that models are fitted to; those after them are held out. They are
  /// not drawn at random, as a writer's digits seem to lie together: what counts are unseen hands.
  public static final int FITTED_ROWS = 1500;

  private static final int INK = 16;
  private static final int MAX_FILE_BYTES = 64 << 20;

  private final List<float[]> pixels;
  private final List<Integer> labels;

  private Digits(List<float[]> pixels, List<Integer> labels) {
    this.pixels = pixels;
    this.labels = labels;
  }

  /// Reads a file of one header line, then one line for each image: 64 pixels from 0 to 16, and the
  /// digit, with commas between.
  ///
  /// @throws IOException when the file cannot be read or a line is not like that
  public static Digits read(Path csv) throws IOException {
    long bytes = Files.size(csv);
    if (bytes > MAX_FILE_BYTES) {
      throw new IOException(
          "%s: has %d bytes, at most %d are allowed".formatted(csv, bytes, MAX_FILE_BYTES));
    }
    var lines = Files.readAllLines(csv, US_ASCII);
    List<float[]> pixels = new ArrayList<>();
    List<Integer> labels = new ArrayList<>();
    for (int i = 1; i < lines.size(); i++) {
      var where = csv + ", line " + (i + 1);
      var fields = lines.get(i).split(",", -1);
      if (fields.length != PIXELS + 1) {
        throw new IOException(
            "%s: has %d fields, must have %d pixels and the digit"
                .formatted(where, fields.length, PIXELS));
      }
      var image = new float[PIXELS];
      for (int pixel = 0; pixel < PIXELS; pixel++) {
        image[pixel] = (float) integer(where, "pixel " + pixel, fields[pixel], INK) / INK;
      }
      pixels.add(image);
      labels.add(integer(where, "the digit", fields[PIXELS], CLASSES - 1));
    }
    if (pixels.isEmpty()) {
      throw new IOException(csv + ": holds no image, must be a header line and a line for each");
    }
    return new Digits(pixels, labels);
  }

  private static int integer(String where, String field, String text, int max) throws IOException {
    if (text.matches("[0-9]{1,4}")) {
      int value = Integer.parseInt(text);
      if (value <= max) {
        return value;
      }
    }
    throw new IOException(
        "%s: %s is \"%s\", must be an integer from 0 to %d"
            .formatted(where, field, text.length() <= 20 ? text : text.substring(0, 20), max));
  }

  public int size() {
    return labels.size();
  }

  /// The digit of a row, from 0 to 9.
  public int label(int row) {
    return labels.get(row);
  }

  /// The pixels of a row, `[64]`, from 0 (paper) to 1 (ink).
  float[] pixels(int row) {
    return pixels.get(row);
  }

  /// All pixels, `[rows][64]`: the input of a layer.
  public float[][] pixels() {
    return pixels.toArray(float[][]::new);
  }

  /// The rows that models are fitted to: the first 1,500, or all if there are fewer.
  public Digits fitted() {
    return rows(0, Math.min(FITTED_ROWS, size()));
  }

  /// The rows that no fit has seen.
  ///
  /// @throws IllegalStateException when there are none
  public Digits heldOut() {
    if (size() <= FITTED_ROWS) {
      throw new IllegalStateException(
          "rows from %d on are asked for, but there are only %d: this needs the bundled digits.csv"
              .formatted(FITTED_ROWS, size()));
    }
    return rows(FITTED_ROWS, size());
  }

  private Digits rows(int from, int to) {
    return new Digits(pixels.subList(from, to), labels.subList(from, to));
  }

  /// The part of the images that a layer tells right, from 0 to 1.
  ///
  /// @param layer from `[rows][64]` to `[rows][64]`, whose first ten columns score the digits
  public double accuracy(UnaryOperator<float[][]> layer) {
    var outputs = layer.apply(pixels());
    if (outputs.length != size()) {
      throw new IllegalArgumentException(
          "the layer answered %d rows, but %d were asked".formatted(outputs.length, size()));
    }
    int right = 0;
    for (int row = 0; row < size(); row++) {
      right += digitOf(outputs[row]) == label(row) ? 1 : 0;
    }
    return (double) right / size();
  }

  /// The digit with the highest score; among equal scores, the lower one.
  public static int digitOf(float[] scores) {
    int best = 0;
    for (int digit = 1; digit < CLASSES; digit++) {
      best = scores[digit] > scores[best] ? digit : best;
    }
    return best;
  }
}
