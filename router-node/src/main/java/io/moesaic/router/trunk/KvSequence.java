package io.moesaic.router.trunk;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Panel;

/// The keys and values of one sequence: the blocks that it has of a [KvPool], in order of position.
public final class KvSequence implements AutoCloseable {
  private final KvPool pool;
  private int[] blocks;

  KvSequence(KvPool pool, int[] blocks) {
    this.pool = pool;
    this.blocks = blocks;
  }

  /// Stores a position's key of one head.
  ///
  /// @param source a row with the key from column `from` on
  void putKey(int layer, int head, int position, Matrix source, int row, int from) {
    var data = pool.data();
    int width = pool.layout().keyWidth();
    long at = pool.headAt(blocks[position / KvPool.BLOCK], layer, head);
    long column = at + position % KvPool.BLOCK * 4L;
    for (int i = 0; i < width; i++) {
      data.set(JAVA_FLOAT, column + i * (Panel.COLUMNS * 4L), source.get(row, from + i));
    }
  }

  /// Stores a position's value of one head.
  ///
  /// @param source a row with the value from column `from` on
  void putValue(int layer, int head, int position, Matrix source, int row, int from) {
    var data = pool.data();
    int width = pool.layout().valueWidth();
    int block = blocks[position / KvPool.BLOCK];
    long line = position % KvPool.BLOCK * (long) Panel.COLUMNS;
    for (int i = 0; i < width; i++) {
      long panel = pool.valuesAt(block, layer, head, i / Panel.COLUMNS);
      data.set(JAVA_FLOAT, panel + (line + i % Panel.COLUMNS) * 4, source.get(row, from + i));
    }
  }

  /// The keys of the block `index` of this sequence.
  Panel keys(int index, int layer, int head) {
    return pool.keys(blocks[index], layer, head);
  }

  /// As [KvPool#values], of the block `index` of this sequence.
  Panel values(int index, int layer, int head, int panel, int from, int positions) {
    return pool.values(blocks[index], layer, head, panel, from, positions);
  }

  /// Gives the blocks back. The sequence must not be used any more.
  @Override
  public void close() {
    pool.release(blocks);
    blocks = new int[0];
  }
}
