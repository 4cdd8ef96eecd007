package io.moesaic.router.gate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Kernels;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Objects;

/// Inputs and results that others published, in `routing-vectors.json`.
public final class Vectors {
  private Vectors() {}

  public static JsonNode of(String name) {
    try (var file = Vectors.class.getResourceAsStream("/routing-vectors.json")) {
      return Objects.requireNonNull(new ObjectMapper().readTree(file).get(name), name);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static Matrix matrix(JsonNode rows) {
    var matrix = Matrix.allocate(rows.size(), rows.get(0).size());
    for (int row = 0; row < matrix.rows(); row++) {
      for (int col = 0; col < matrix.cols(); col++) {
        matrix.set(row, col, rows.get(row).get(col).floatValue());
      }
    }
    return matrix;
  }

  public static float[] floats(JsonNode values) {
    var floats = new float[values.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = values.get(i).floatValue();
    }
    return floats;
  }

  /// The gate's choices of these logits.
  public static Gating route(RoutingPolicy policy, Matrix logits) {
    return RoutingPolicies.route(
        Kernels.best(),
        policy,
        new RoutingPolicies.Input(logits, null, null, (_, _) -> 0),
        TokenRows.anonymous(logits.rows(), 0),
        _ -> false);
  }
}
