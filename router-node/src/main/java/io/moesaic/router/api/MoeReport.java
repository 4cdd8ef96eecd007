package io.moesaic.router.api;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moesaic.router.capacity.CapacityJson;
import io.moesaic.router.capacity.MoeTotals;
import java.util.Base64;
import java.util.List;

/// Writes what became of a request's expert choices, as far as the request asks for it.
final class MoeReport {
  private final MoeRequest asked;
  private final ServedMoe served;

  MoeReport(MoeRequest asked, ServedMoe served) {
    this.asked = asked;
    this.served = served;
  }

  boolean wantsTotals() {
    return asked.options().totals();
  }

  /// Writes the totals over all choices as `moe`.
  void putTotals(ObjectNode json, List<Choice> choices) {
    if (!wantsTotals()) {
      return;
    }
    var sum = choices.stream().map(Choice::moeTotals).reduce(MoeTotals.NONE, MoeTotals::plus);
    var moe = write(sum);
    moe.set("capacity", CapacityJson.write(asked.capacity()));
    moe.put("batch_dependent", !asked.capacity().independentOfOtherRequests());
    json.set("moe", moe);
  }

  static ObjectNode write(MoeTotals totals) {
    return Json.object()
        .put("offered", totals.offered())
        .put("accepted", totals.accepted())
        .put("dropped", totals.dropped())
        .put("rerouted", totals.rerouted());
  }

  /// Writes the experts of a choice that has ended as `routed_experts`, encoded as vLLM does it:
  /// an array of shape (positions, layers, ranks) in NumPy's format, in base64.
  void putExperts(ObjectNode json, Choice choice) {
    if (asked.options().routedExperts()) {
      var file = Npy.of(choice.routedExperts(), served.layers(), Npy.typeFor(served.experts()));
      json.put("routed_experts", Base64.getEncoder().encodeToString(file));
    }
  }
}
