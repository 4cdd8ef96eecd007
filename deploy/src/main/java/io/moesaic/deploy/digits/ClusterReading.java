package io.moesaic.deploy.digits;

import io.moesaic.deploy.client.ClientException;
import io.moesaic.deploy.client.LayerClient;
import io.moesaic.deploy.dev.ClusterProgress;
import io.moesaic.deploy.dev.ClusterSpec;
import io.moesaic.deploy.dev.LocalCluster;
import io.moesaic.deploy.dev.NodeStatus;
import io.moesaic.tensor.checkpoint.Checkpoint;
import java.util.List;
import java.util.stream.IntStream;

/// Lets a cluster on this machine read digits: the images go to the router over Arrow Flight as the
/// rows of a layer, its gate and the expert nodes answer, and the highest score is the digit. The
/// same mixture in this process says what the answer must be, and how much each expert counted.
public final class ClusterReading {
  private ClusterReading() {}

  /// Starts a cluster, has it read the held-out images, and stops it.
  ///
  /// @param spec of a model that [DigitModel] wrote
  /// @throws IllegalArgumentException when there are more nodes than experts
  /// @throws ClientException when the cluster does not answer
  public static ReadingReport run(ClusterSpec spec, Digits digits, ClusterProgress progress)
      throws ClientException, InterruptedException {
    var mixture = DigitModel.read(spec.model());
    int experts = mixture.size().experts();
    if (spec.experts() > experts) {
      throw new IllegalArgumentException(
          "expert nodes are %d, must be from 1 to %d, the experts of %s: a node hosts at least one"
              .formatted(spec.experts(), experts, spec.model()));
    }
    var images = digits.heldOut();
    try (var cluster = LocalCluster.start(spec, progress);
        var router = new LayerClient(cluster.flightUrl())) {
      var scores = router.forward(0, images.pixels());
      return report(Checkpoint.nameOf(spec.model()), cluster.status(), mixture, images, scores);
    }
  }

  /// @param scores the cluster's, `[rows][64]`
  static ReadingReport report(
      String model,
      List<NodeStatus> nodes,
      JacobsMixture mixture,
      Digits images,
      float[][] scores) {
    var shares = mixture.shares(images.pixels());
    return new ReadingReport(
        model,
        mixture.size().experts(),
        nodes,
        readings(images, scores, shares),
        largestError(mixture.layer(images.pixels()), scores),
        Specialisation.of(images, shares));
  }

  private static List<Reading> readings(Digits images, float[][] scores, float[][] shares) {
    return IntStream.range(0, images.size())
        .mapToObj(row -> Reading.of(images, row, Digits.FITTED_ROWS, scores[row], shares[row]))
        .toList();
  }

  private static double largestError(float[][] expected, float[][] actual) {
    double largest = 0;
    for (int row = 0; row < expected.length; row++) {
      for (int i = 0; i < expected[row].length; i++) {
        // A NaN stays the largest.
        largest = Math.max(largest, Math.abs((double) expected[row][i] - actual[row][i]));
      }
    }
    return largest;
  }
}
