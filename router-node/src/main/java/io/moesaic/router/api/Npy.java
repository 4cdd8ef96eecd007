package io.moesaic.router.api;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/// Arrays in NumPy's own format, version 1.0:
///
/// ```
/// | 93 N U M P Y | 1 0 | length, 2 bytes | {'descr': '<i2', ...}, spaces, \n | elements |
/// 0              6     8                 10                                 a multiple of 64
/// ```
/// All numbers are little-endian, the last index runs fastest.
final class Npy {
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
  private static final int ALIGNMENT = 64;

  private Npy() {}

  enum Type {
    INT16("<i2", Short.BYTES),
    INT32("<i4", Integer.BYTES);

    private final String label;
    private final int bytes;

    Type(String label, int bytes) {
      this.label = label;
      this.bytes = bytes;
    }
  }

  /// The smaller type that holds numbers below `bound`, and -1.
  static Type typeFor(int bound) {
    return bound - 1 <= Short.MAX_VALUE ? Type.INT16 : Type.INT32;
  }

  /// An array of shape `(rows.size(), middle, row length / middle)`.
  ///
  /// @param rows of equal lengths, multiples of `middle`
  static byte[] of(List<int[]> rows, int middle, Type type) {
    int length = rows.isEmpty() ? 0 : rows.getFirst().length;
    var header =
        "{'descr': '%s', 'fortran_order': False, 'shape': (%d, %d, %d), }"
            .formatted(type.label, rows.size(), middle, length / middle)
            .getBytes(US_ASCII);
    int before = MAGIC.length + Short.BYTES;
    // the newline that ends the header counts too
    int start = Math.ceilDiv(before + header.length + 1, ALIGNMENT) * ALIGNMENT;
    var file =
        ByteBuffer.allocate(start + rows.size() * length * type.bytes)
            .order(ByteOrder.LITTLE_ENDIAN);
    file.put(MAGIC).putShort((short) (start - before)).put(header);
    while (file.position() < start - 1) {
      file.put((byte) ' ');
    }
    file.put((byte) '\n');
    for (var row : rows) {
      for (int element : row) {
        switch (type) {
          case INT16 -> file.putShort((short) element);
          case INT32 -> file.putInt(element);
        }
      }
    }
    return file.array();
  }
}
