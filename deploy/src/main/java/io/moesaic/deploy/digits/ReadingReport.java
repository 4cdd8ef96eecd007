package io.moesaic.deploy.digits;

import io.moesaic.deploy.dev.NodeStatus;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// How well a cluster read images that no fit had seen, and how its experts share them out.
///
/// @param model its name
/// @param experts of the model
/// @param nodes the cluster that read, the router first
/// @param readings in the order of the file
/// @param largestError between a score of the cluster and the same of the mixture in one process
/// @param specialisation which expert is asked for which digit
public record ReadingReport(
    String model,
    int experts,
    List<NodeStatus> nodes,
    List<Reading> readings,
    double largestError,
    Specialisation specialisation) {
  /// The part that must be right.
  public static final double WANTED_ACCURACY = 0.95;

  /// Largest error that is only the order of additions: the mixture adds in double precision.
  public static final double TOLERANCE = 1e-5;

  public ReadingReport {
    nodes = List.copyOf(nodes);
    readings = List.copyOf(readings);
  }

  /// Nodes that computed experts: every expert is asked for every image.
  public int expertNodes() {
    return (int) nodes.stream().filter(node -> node.heldExperts() > 0).count();
  }

  public long right() {
    return readings.stream().filter(Reading::right).count();
  }

  /// From 0 to 1.
  public double accuracy() {
    return (double) right() / readings.size();
  }

  public boolean equalsOneProcess() {
    return largestError <= TOLERANCE;
  }

  public boolean passed() {
    return accuracy() >= WANTED_ACCURACY && equalsOneProcess();
  }

  /// Some to look at: for each expert the first that it decides, and the first that was misread.
  List<Reading> examples() {
    var decided =
        IntStream.range(0, experts)
            .boxed()
            .flatMap(e -> readings.stream().filter(r -> r.right() && r.expert() == e).limit(1));
    var misread = readings.stream().filter(reading -> !reading.right()).limit(1);
    return Stream.concat(decided, misread).toList();
  }
}
