package io.moesaic.deploy.system;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.deploy.client.LayerClient;
import io.moesaic.deploy.dev.ClusterProgress;
import io.moesaic.deploy.dev.ClusterSpec;
import io.moesaic.deploy.dev.LocalCluster;
import io.moesaic.deploy.digits.ClusterReading;
import io.moesaic.deploy.digits.DigitModel;
import io.moesaic.deploy.digits.Digits;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The fitted example on real clusters, whose router serves its only layer over Arrow Flight.
@Timeout(240)
class DigitsOnClusterTest {
  private static final Path DEPLOY = ClusterSpec.bundledModel().resolve("../..").normalize();
  private static final ClusterSpec CLUSTER = ClusterSpec.of(DEPLOY.resolve("models/digits"));

  private final Digits digits = Digits.read(DEPLOY.resolve("data/digits/digits.csv"));

  DigitsOnClusterTest() throws IOException {}

  @Test
  void readsUnseenDigitsWithTheSameBytesOnOneAndThreeNodes() throws Exception {
    var images = digits.heldOut().pixels();
    var one = read(1, images);
    var three = read(3, images);
    for (int row = 0; row < images.length; row++) {
      assertArrayEquals(bits(one[row]), bits(three[row]), "row " + row);
    }
    double accuracy = digits.heldOut().accuracy(_ -> three);
    assertTrue(accuracy >= 0.95, "accuracy " + accuracy);
    assertEqualsOneProcess(images, three);
  }

  private static float[][] read(int nodes, float[][] images) throws Exception {
    try (var cluster = LocalCluster.start(CLUSTER.withExperts(nodes), ClusterProgress.SILENT);
        var client = new LayerClient(cluster.flightUrl())) {
      var together = client.forward(0, images);
      var alone = client.forward(0, new float[][] {images[7]});
      assertArrayEquals(bits(together[7]), bits(alone[0]), "row 7 alone");
      return together;
    }
  }

  private static int[] bits(float[] values) {
    var bits = new int[values.length];
    Arrays.setAll(bits, i -> Float.floatToRawIntBits(values[i]));
    return bits;
  }

  private static void assertEqualsOneProcess(float[][] images, float[][] scores) {
    var expected = DigitModel.read(CLUSTER.model()).layer(images);
    for (int row = 0; row < expected.length; row++) {
      assertArrayEquals(expected[row], scores[row], 1e-5f, "row " + row);
    }
  }

  @Test
  void moreRowsThanABatchTakesAreSentInSeveral() throws Exception {
    // 297 images twice are more than the 512 rows of a batch.
    var images = digits.heldOut().pixels();
    var twice = Stream.of(images, images).flatMap(Arrays::stream).toArray(float[][]::new);
    var scores = read(2, twice);
    for (int row = 0; row < images.length; row++) {
      assertArrayEquals(bits(scores[row]), bits(scores[images.length + row]), "row " + row);
    }
  }

  @Test
  void reportsWhoReadWhat() throws Exception {
    var report = ClusterReading.run(CLUSTER.withExperts(3), digits, ClusterProgress.SILENT);
    assertTrue(report.passed(), report.accuracy() + ", error " + report.largestError());
    assertEquals(3, report.expertNodes());
    assertEquals(4, report.nodes().size());
    assertEquals(285, report.right());
  }
}
