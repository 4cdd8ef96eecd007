package io.moesaic.router.trunk;

import io.moesaic.tensor.DType;
import io.moesaic.tensor.kernel.Panel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;

/// Memory for keys and values, in blocks of 64 positions that sequences take and give back. A block
/// holds all layers and heads of its positions:
///
/// ```
///   block = for each layer, for each key-value head:
///     keys    panel of 64 columns, one for each position; a line for each element of a key
///     values  panels of 64 elements of a value; a line for each position
/// ```
/// So scores are products of queries with the keys' panel, and outputs products of the weights with
/// the values' panels, by the kernel that multiplies weights. Blocks begin at multiples of 64 in
/// absolute positions, which makes a row's arithmetic independent of who else is in the pool.
///
/// Allocation is for one thread.
public final class KvPool implements AutoCloseable {
  /// Positions of a block.
  public static final int BLOCK = Panel.COLUMNS;

  private static final long VALUE_PANEL_BYTES = Panel.bytes(DType.F32, BLOCK);

  private final KvLayout layout;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment data;
  private final BitSet free;
  private final int blocks;
  private final long headBytes;

  /// @param positions how many to hold, over all sequences; rounded up to whole blocks
  /// @throws IllegalArgumentException when there is no memory for that many
  public KvPool(TrunkConfig config, int positions) {
    this(KvLayout.of(config), positions);
  }

  KvPool(KvLayout layout, int positions) {
    this.layout = layout;
    blocks = Math.ceilDiv(positions, BLOCK);
    headBytes = headBytes(layout);
    long bytes = Math.multiplyExact(blockBytes(), (long) blocks);
    try {
      data = arena.allocate(Math.max(1, bytes), 64);
    } catch (OutOfMemoryError e) {
      arena.close();
      throw new IllegalArgumentException(
          "no memory for keys and values of %d positions (%d MiB)"
              .formatted(positions, bytes >> 20),
          e);
    }
    free = new BitSet(blocks);
    free.set(0, blocks);
  }

  private static long headBytes(KvLayout layout) {
    return Panel.bytes(DType.F32, layout.keyWidth())
        + Math.ceilDiv(layout.valueWidth(), Panel.COLUMNS) * VALUE_PANEL_BYTES;
  }

  /// Bytes that a pool needs for each position it holds.
  public static long bytesPerPosition(TrunkConfig config) {
    var layout = KvLayout.of(config);
    return headBytes(layout) * layout.heads() * layout.layers() / BLOCK;
  }

  private long blockBytes() {
    return headBytes * layout.heads() * layout.layers();
  }

  public long bytes() {
    return blockBytes() * blocks;
  }

  /// Blocks that `positions` positions need.
  public static int blocksFor(int positions) {
    return Math.ceilDiv(positions, BLOCK);
  }

  public int freeBlocks() {
    return free.cardinality();
  }

  /// Positions that there is room for, over all sequences.
  public int positions() {
    return blocks * BLOCK;
  }

  /// Takes the blocks for a sequence of up to `positions` positions.
  ///
  /// @throws IllegalStateException when there are not enough: ask [#freeBlocks] before
  public KvSequence allocate(int positions) {
    return allocate(0, positions);
  }

  /// Takes the blocks for a sequence whose prompt is encoded apart from its text.
  ///
  /// @param encoded positions of the prompt
  /// @param positions of the text
  /// @throws IllegalStateException when there are not enough: ask [#freeBlocks] before
  public KvSequence allocate(int encoded, int positions) {
    var taken = new int[blocksFor(encoded) + blocksFor(positions)];
    if (taken.length > freeBlocks()) {
      throw new IllegalStateException(
          "%d blocks needed, %d are free".formatted(taken.length, freeBlocks()));
    }
    for (int i = 0; i < taken.length; i++) {
      taken[i] = free.nextSetBit(0);
      free.clear(taken[i]);
    }
    return new KvSequence(this, taken, encoded);
  }

  void release(int[] taken) {
    for (int block : taken) {
      free.set(block);
    }
  }

  KvLayout layout() {
    return layout;
  }

  MemorySegment data() {
    return data;
  }

  /// The keys of a block: a line of 64 positions for each element.
  Panel keys(int block, int layer, int head) {
    return new Panel(data, headAt(block, layer, head), DType.F32, layout.keyWidth());
  }

  /// 64 elements of the values of a block: a line for each of the positions from `from` on.
  Panel values(int block, int layer, int head, int panel, int from, int positions) {
    long at = valuesAt(block, layer, head, panel) + Panel.bytes(DType.F32, from);
    return new Panel(data, at, DType.F32, positions);
  }

  long headAt(int block, int layer, int head) {
    return blockBytes() * block + headBytes * ((long) layer * layout.heads() + head);
  }

  long valuesAt(int block, int layer, int head, int panel) {
    return headAt(block, layer, head)
        + Panel.bytes(DType.F32, layout.keyWidth())
        + VALUE_PANEL_BYTES * panel;
  }

  @Override
  public void close() {
    arena.close();
  }
}
