package io.moesaic.router.trunk;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Panel;

/// The keys and values of one sequence: the blocks that it has of a [KvPool], in order of position.
/// A prompt that is encoded apart from its text has blocks of its own before those of the text:
///
/// ```
///   positions   | prompt: 0 .. encoded | text: encoded ..            |
///   places      | 0 ..          | free | textBegin() ..       | free |   each part in whole blocks
/// ```
/// A prompt that the text continues is a part of the text; positions are places then.
public final class KvSequence implements AutoCloseable {
  private final KvPool pool;
  private final int encoded;
  private int[] blocks;

  KvSequence(KvPool pool, int[] blocks, int encoded) {
    this.pool = pool;
    this.blocks = blocks;
    this.encoded = encoded;
  }

  /// Positions of a prompt that is encoded apart from its text; 0 when there is none.
  int encoded() {
    return encoded;
  }

  /// The place of the text's first position.
  int textBegin() {
    return KvPool.blocksFor(encoded) * KvPool.BLOCK;
  }

  /// Where a position's keys and values are.
  int place(int position) {
    return position < encoded ? position : textBegin() + position - encoded;
  }

  /// Stores the key of one head at a place.
  ///
  /// @param source a row with the key from column `from` on
  void putKey(int layer, int head, int place, Matrix source, int row, int from) {
    var data = pool.data();
    int width = pool.layout().keyWidth();
    long at = pool.headAt(blocks[place / KvPool.BLOCK], layer, head);
    long column = at + place % KvPool.BLOCK * 4L;
    for (int i = 0; i < width; i++) {
      data.set(JAVA_FLOAT, column + i * (Panel.COLUMNS * 4L), source.get(row, from + i));
    }
  }

  /// Stores the value of one head at a place.
  ///
  /// @param source a row with the value from column `from` on
  void putValue(int layer, int head, int place, Matrix source, int row, int from) {
    var data = pool.data();
    int width = pool.layout().valueWidth();
    int block = blocks[place / KvPool.BLOCK];
    long line = place % KvPool.BLOCK * (long) Panel.COLUMNS;
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
