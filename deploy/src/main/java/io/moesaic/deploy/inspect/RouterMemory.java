package io.moesaic.deploy.inspect;

import io.moesaic.tensor.DType;
import io.moesaic.tensor.checkpoint.ModelConfig;
import java.util.function.Function;

/// How much more memory a router's weights take than their bytes in the checkpoint, as far as that
/// is more than a few columns to fill a panel:
///
/// - a head that is the embeddings is packed, while rows are looked up in the embeddings as stored
/// - what is packed of float16 is widened to float32
/// - of the matrix that makes keys and values from a latent, the keys' part is turned round, and
///   widened to float32
final class RouterMemory {
  private RouterMemory() {}

  /// @param type as a tensor is stored
  static long added(Inventory inventory, Function<Inventory.Entry, DType> type) {
    boolean tied = inventory.entries().stream().noneMatch(entry -> entry.part() == Part.HEAD);
    return inventory.entries().stream()
        .mapToLong(
            entry ->
                switch (entry.part()) {
                  case EMBEDDINGS -> tied ? packed(entry, type.apply(entry)) : 0;
                  case HEAD, ATTENTION, DENSE_BLOCKS, GATES, SHARED_EXPERTS ->
                      widened(entry, type.apply(entry), inventory.config());
                  case NORMS, EXPERTS -> 0;
                })
        .sum();
  }

  private static long packed(Inventory.Entry entry, DType type) {
    return entry.shape().elements() * (type == DType.F16 ? DType.F32 : type).bytes();
  }

  private static long widened(Inventory.Entry entry, DType type, ModelConfig config) {
    long elements = entry.shape().elements();
    if (type == DType.F16) {
      return elements * (DType.F32.bytes() - type.bytes());
    }
    if (entry.name().endsWith(".kv_b_proj.weight")) {
      int keys = config.integer("qk_nope_head_dim", 1, Integer.MAX_VALUE);
      int values = config.integer("v_head_dim", 1, Integer.MAX_VALUE);
      return elements / (keys + values) * keys * (DType.F32.bytes() - type.bytes());
    }
    return 0;
  }
}
