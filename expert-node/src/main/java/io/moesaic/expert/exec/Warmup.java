package io.moesaic.expert.exec;

import io.moesaic.tensor.ffn.FeedForward;
import io.moesaic.wire.WireType;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/// Runs a backend on zeros until its code is compiled: the first calls of a kernel take a hundred
/// times as long, and no request should see them.
public final class Warmup {
  /// A single row, and enough rows for the tiles of a full block and of its tail.
  private static final int[] ROWS = {1, 67};

  private static final int MIN_RUNS = 2;

  private Warmup() {}

  /// Both wire types, few and many rows. All experts of a node have the same shapes, so one stands
  /// for all.
  ///
  /// @param time about how long it may take, but each case is run at least twice
  /// @throws java.util.concurrent.CompletionException when the backend cannot compute
  public static void run(
      ExpertBackend backend, LoadedExpert expert, FeedForward block, Duration time) {
    long shareNanos = time.toNanos() / ((long) ROWS.length * WireType.values().length);
    for (var type : WireType.values()) {
      for (int rows : ROWS) {
        try (var arena = Arena.ofShared()) {
          var batch = zeros(arena, expert, block.hidden(), type, rows);
          long start = System.nanoTime();
          for (int runs = 0; runs < MIN_RUNS || System.nanoTime() - start < shareNanos; runs++) {
            await(backend, batch);
          }
        }
      }
    }
  }

  private static GroupedBatch zeros(
      Arena arena, LoadedExpert expert, int hidden, WireType type, int rows) {
    long bytes = (long) rows * hidden * type.bytes();
    var slots = new GroupedBatch.Slots(rows);
    for (int row = 0; row < rows; row++) {
      slots.set(row, 0, row, row);
    }
    return new GroupedBatch(
        hidden,
        type,
        List.of(new GroupedBatch.Part(arena.allocate(bytes), arena.allocate(bytes))),
        List.of(new GroupedBatch.Group(expert, 0, rows)),
        slots);
  }

  private static void await(ExpertBackend backend, GroupedBatch batch) {
    var done = new CompletableFuture<Boolean>();
    backend.run(
        batch,
        new ExpertBackend.Completion() {
          @Override
          public void succeeded() {
            done.complete(true);
          }

          @Override
          public void failed(Throwable cause) {
            done.completeExceptionally(cause);
          }
        });
    done.join();
  }
}
