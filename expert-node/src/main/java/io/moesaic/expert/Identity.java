package io.moesaic.expert;

import io.moesaic.expert.exec.ArithmeticClass;
import io.moesaic.tensor.ffn.ExpertBank;
import io.moesaic.tensor.ffn.ExpertId;
import io.moesaic.wire.WireType;
import io.moesaic.wire.v1.HeldExperts;
import io.moesaic.wire.v1.NodeDescription;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;

/// What a node tells of itself that does not change while it runs.
final class Identity {
  private Identity() {}

  static NodeDescription of(
      ExpertSettings settings,
      String fingerprint,
      ArithmeticClass arithmetic,
      ExpertBank bank,
      List<ExpertId> held) {
    return NodeDescription.newBuilder()
        .setNode(settings.name())
        .setModel(settings.modelName())
        .setFingerprint(fingerprint)
        .setArithmetic(arithmetic.name())
        .setLayers(bank.layers())
        .setExperts(bank.experts())
        .setHidden(bank.block().hidden())
        .addAllHeld(byLayer(held))
        .setMaxRows(settings.limits().maxRows())
        .addAllWireTypes(Arrays.stream(WireType.values()).map(WireType::label).toList())
        .build();
  }

  private static List<HeldExperts> byLayer(List<ExpertId> held) {
    var layers = new TreeMap<Integer, HeldExperts.Builder>();
    for (var id : held) {
      layers
          .computeIfAbsent(id.layer(), layer -> HeldExperts.newBuilder().setLayer(layer))
          .addExperts(id.expert());
    }
    return layers.values().stream().map(HeldExperts.Builder::build).toList();
  }
}
