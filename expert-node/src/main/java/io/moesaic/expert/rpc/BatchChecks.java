package io.moesaic.expert.rpc;

import io.moesaic.expert.batch.Slot;
import io.moesaic.expert.exec.LoadedExpert;
import io.moesaic.expert.store.ExpertStore;
import io.moesaic.wire.TokenBatch;
import io.moesaic.wire.WireException;
import io.moesaic.wire.v1.DispatchHeader;
import io.moesaic.wire.v1.DispatchMode;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/// Which experts a batch asks for, checked against those that the node hosts.
final class BatchChecks {
  /// More than the parts of a reply's message before its rows take.
  private static final int REPLY_HEAD_BYTES = 1 << 10;

  /// As many experts as an error lists.
  private static final int LISTED_EXPERTS = 64;

  private BatchChecks() {}

  /// The slots of a batch: tokens first, then ranks.
  ///
  /// @param layer as it came
  /// @throws WireException naming the first place that holds an expert which is not hosted, or how
  ///     many bytes too large the reply would be
  static List<Slot> slots(TokenBatch batch, int layer, ExpertStore store, int maxMessageBytes)
      throws WireException {
    checkLayer(layer, store);
    List<Slot> slots = new ArrayList<>();
    for (int row = 0; row < batch.rows(); row++) {
      for (int rank = 0; rank < batch.schema().expertsPerRow(); rank++) {
        // Read once: the value that is checked is the value that is used.
        int expert = batch.expert(row, rank);
        if (expert != TokenBatch.NO_EXPERT) {
          slots.add(new Slot(row, hosted(store, layer, expert, row, rank)));
        }
      }
    }
    checkReply(slots.size(), batch, maxMessageBytes);
    return slots;
  }

  /// @throws WireException when the header asks for what this node does not know
  static void checkMode(DispatchHeader header) throws WireException {
    if (header.getMode() == DispatchMode.UNRECOGNIZED) {
      throw WireException.invalid(
          "mode", "is " + header.getModeValue() + ", which this node does not know");
    }
  }

  private static void checkLayer(int layer, ExpertStore store) throws WireException {
    if (layer < 0 || layer >= store.bank().layers()) {
      throw WireException.invalid(
          "layer",
          "is %s, must be from 0 to %d"
              .formatted(Integer.toUnsignedString(layer), store.bank().layers() - 1));
    }
  }

  private static LoadedExpert hosted(ExpertStore store, int layer, int expert, int row, int rank)
      throws WireException {
    var loaded = store.find(layer, expert);
    if (loaded == null) {
      throw WireException.invalid(
          "expert[%d][%d]".formatted(row, rank),
          "is %d, but this node hosts %s of layer %d"
              .formatted(expert, listed(store.ofLayer(layer)), layer));
    }
    return loaded;
  }

  private static String listed(List<LoadedExpert> experts) {
    if (experts.isEmpty()) {
      return "no expert";
    }
    var list =
        experts.stream()
            .limit(LISTED_EXPERTS)
            .map(expert -> Integer.toString(expert.id().expert()))
            .collect(Collectors.joining(", "));
    return experts.size() > LISTED_EXPERTS ? list + ", ... (" + experts.size() + ")" : list;
  }

  private static void checkReply(int slots, TokenBatch batch, int maxMessageBytes)
      throws WireException {
    long rowBytes = (long) batch.schema().hidden() * batch.schema().type().bytes();
    long maxSlots = (maxMessageBytes - REPLY_HEAD_BYTES) / rowBytes;
    if (slots > maxSlots) {
      throw WireException.invalid(
          "expert",
          "asks for %d rows of %d bytes, but a reply holds at most %d"
              .formatted(slots, rowBytes, maxSlots));
    }
  }
}
