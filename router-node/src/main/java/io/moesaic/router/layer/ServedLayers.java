package io.moesaic.router.layer;

import io.moesaic.router.gate.RoutingPolicy;
import io.moesaic.router.moe.ExpertParallelMoe;
import io.moesaic.tensor.ffn.ExpertBank;
import io.moesaic.tensor.kernel.Compute;

/// The MoE layers of a model, as this service needs them. Safe for concurrent use.
public interface ServedLayers {
  ExpertBank bank();

  /// By which rows are routed when a batch names no other.
  RoutingPolicy policy();

  /// Most rows of one pass.
  ///
  /// @param ranks most experts of a row
  /// @param weighsInput whether weights scale what experts are given
  int maxRows(int ranks, boolean weighsInput);

  /// The blocks, for one thread.
  ExpertParallelMoe blocks(Compute compute);
}
