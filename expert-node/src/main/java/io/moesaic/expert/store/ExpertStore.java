package io.moesaic.expert.store;

import io.moesaic.expert.exec.ExpertBackend;
import io.moesaic.expert.exec.LoadedExpert;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.checkpoint.LoadProgress;
import io.moesaic.tensor.ffn.ExpertBank;
import io.moesaic.tensor.ffn.ExpertId;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/// The experts that a node has loaded. Immutable once [#load] returns; safe for concurrent reads.
public final class ExpertStore implements AutoCloseable {
  private final ExpertBank bank;
  private final @Nullable LoadedExpert[] experts;
  private final List<ExpertId> held;

  private ExpertStore(ExpertBank bank, @Nullable LoadedExpert[] experts, List<ExpertId> held) {
    this.bank = bank;
    this.experts = experts;
    this.held = held;
  }

  /// Loads experts one after the other. Checks the names, types and shapes of all of them before it
  /// touches the first weight.
  ///
  /// @throws io.moesaic.tensor.checkpoint.CheckpointException when the checkpoint does not hold
  ///     them
  public static ExpertStore load(
      ExpertBank bank,
      Checkpoint checkpoint,
      List<ExpertId> ids,
      ExpertBackend backend,
      LoadProgress progress) {
    long storedBytes = storedBytes(bank, checkpoint, ids);
    progress.loaded(0, storedBytes);
    var store = new ExpertStore(bank, new @Nullable LoadedExpert[bank.count()], List.copyOf(ids));
    try {
      store.fill(checkpoint, backend, loaded -> progress.loaded(loaded, storedBytes));
      return store;
    } catch (RuntimeException | Error e) {
      store.close();
      throw e;
    }
  }

  private void fill(Checkpoint checkpoint, ExpertBackend backend, LongConsumer loadedBytes) {
    long loaded = 0;
    for (var id : held) {
      // Mapped for as long as it takes to pack: the pages can go once they are copied.
      try (var arena = Arena.ofShared()) {
        experts[bank.indexOf(id)] = backend.load(id, bank.map(checkpoint, id, arena));
        loaded += bank.storedBytes(checkpoint, id);
      }
      loadedBytes.accept(loaded);
    }
  }

  /// Bytes of experts in the checkpoint; checks them as [#load] does.
  ///
  /// @throws io.moesaic.tensor.checkpoint.CheckpointException when the checkpoint does not hold
  ///     them
  public static long storedBytes(ExpertBank bank, Checkpoint checkpoint, List<ExpertId> ids) {
    return ids.stream().mapToLong(id -> bank.storedBytes(checkpoint, id)).sum();
  }

  public ExpertBank bank() {
    return bank;
  }

  public List<ExpertId> held() {
    return held;
  }

  /// The expert, or null when this node does not host it. Any numbers are allowed.
  public @Nullable LoadedExpert find(int layer, int expert) {
    var id = new ExpertId(layer, expert);
    return bank.contains(id) ? experts[bank.indexOf(id)] : null;
  }

  /// The experts hosted of one layer, in order.
  public List<LoadedExpert> ofLayer(int layer) {
    List<LoadedExpert> found = new ArrayList<>();
    for (int expert = 0; expert < bank.experts(); expert++) {
      var loaded = find(layer, expert);
      if (loaded != null) {
        found.add(loaded);
      }
    }
    return Collections.unmodifiableList(found);
  }

  /// Any of the experts: they are all alike but for their weights.
  public LoadedExpert first() {
    return Objects.requireNonNull(experts[bank.indexOf(held.getFirst())]);
  }

  /// Bytes that the experts occupy in memory.
  public long memoryBytes() {
    long bytes = 0;
    for (var expert : experts) {
      bytes += expert == null ? 0 : expert.bytes();
    }
    return bytes;
  }

  @Override
  public void close() {
    for (var expert : experts) {
      if (expert != null) {
        expert.close();
      }
    }
  }
}
