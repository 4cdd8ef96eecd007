package io.moesaic.expert.batch;

import io.moesaic.expert.exec.GroupedBatch;
import io.moesaic.wire.WireType;
import java.util.List;

/// Token rows of one layer, checked, with room for the results. The memory must stay as it is until
/// the requester is told the outcome.
///
/// @param layer of all slots' experts
/// @param memory the rows, and `[slots.size(), hidden]` for the results
/// @param slots result i is that of slot i
/// @param arrivedNanos by the batcher's clock
/// @param timeoutNanos how long after its arrival somebody waits for the results, or [#NO_TIMEOUT]
public record Request(
    int layer,
    WireType type,
    int hidden,
    GroupedBatch.Part memory,
    List<Slot> slots,
    long arrivedNanos,
    long timeoutNanos,
    Requester requester) {
  public static final long NO_TIMEOUT = Long.MAX_VALUE;

  /// Whether both can be part of one run.
  boolean groupsWith(Request other) {
    return layer == other.layer && type == other.type;
  }

  boolean expired(long nowNanos) {
    return nowNanos - arrivedNanos >= timeoutNanos;
  }
}
