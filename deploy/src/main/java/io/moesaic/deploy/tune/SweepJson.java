package io.moesaic.deploy.tune;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moesaic.deploy.tune.SweepReport.Quality;
import io.moesaic.deploy.tune.SweepReport.Row;
import io.moesaic.router.capacity.CapacityJson;

/// A report as JSON, for programs. Capacities are written as a router reads them.
public final class SweepJson {
  private SweepJson() {}

  /// @param tolerance see [SweepText#lines]
  public static ObjectNode of(SweepReport report, double tolerance) {
    var spec = report.spec();
    var root =
        JsonNodeFactory.instance
            .objectNode()
            .put("model", spec.cluster().model().toString())
            .put("experts", spec.cluster().experts())
            .put("wire", spec.cluster().wire().label())
            .put("window", spec.window())
            .put("batch", spec.batch());
    var texts = root.putArray("texts");
    report.texts().forEach(t -> texts.addObject().put("text", t.name()).put("tokens", t.tokens()));
    root.set("dropless", row(report, report.dropless()));
    var rows = root.putArray("rows");
    report.rows().forEach(row -> rows.add(row(report, row)));
    root.put("tolerance", tolerance);
    var knees = root.putArray("knees");
    for (var variant : spec.variants()) {
      var knee = report.knee(variant, tolerance);
      var node = knees.addObject().put("overflow", variant.label());
      knee.ifPresentOrElse(
          factor ->
              node.put("factor", factor)
                  .set("capacity", CapacityJson.write(spec.counting().policy(factor, variant))),
          () -> node.putNull("factor"));
    }
    return root;
  }

  private static ObjectNode row(SweepReport report, Row row) {
    var node = JsonNodeFactory.instance.objectNode();
    node.set("capacity", CapacityJson.write(row.policy()));
    put(node, row.all());
    node.put("loss", report.loss(row))
        .put("fullest_expert", row.fullest().expert())
        .put("fullest_node", row.fullest().node())
        .put("time_ratio", row.timeRatio())
        .put("micros_per_token", row.microsPerToken());
    var texts = node.putArray("texts");
    for (int i = 0; i < row.byText().size(); i++) {
      put(texts.addObject().put("text", report.texts().get(i).name()), row.byText().get(i));
    }
    return node;
  }

  private static void put(ObjectNode node, Quality quality) {
    var choices = quality.choices();
    node.put("offered", choices.offered())
        .put("accepted", choices.accepted())
        .put("dropped", choices.dropped())
        .put("rerouted", choices.rerouted())
        .put("nll", quality.nll())
        .put("agreement", quality.agreement());
  }
}
