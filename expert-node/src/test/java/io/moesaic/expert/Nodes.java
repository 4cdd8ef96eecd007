package io.moesaic.expert;

import io.moesaic.expert.store.Shard;
import io.moesaic.wire.NodeAddress;
import io.moesaic.wire.WireLimits;
import java.nio.file.Path;
import java.time.Duration;

/// Expert nodes for tests.
final class Nodes {
  private Nodes() {}

  static ExpertSettings settings(Path model, int shard, int shards) {
    return new ExpertSettings(
        "expert-" + shard,
        model,
        new Shard(shard, shards),
        new NodeAddress("127.0.0.1", 0),
        2,
        256,
        new WireLimits(1 << 20, 256),
        Duration.ZERO,
        false);
  }

  static ExpertNode serving(Path model, int shard, int shards) {
    var node = ExpertNode.bind(settings(model, shard, shards));
    node.load((_, _) -> {});
    return node;
  }
}
