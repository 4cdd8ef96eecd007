package io.moesaic.wire;

/// Bounds on what is accepted from the network.
///
/// @param maxMessageBytes most bytes of one Flight message
/// @param maxRows most token rows of one batch
public record WireLimits(int maxMessageBytes, int maxRows) {
  /// 64 MiB and 4,096 rows: Mixtral 8x22B fills 4,096 rows of bfloat16 with 48 MiB.
  public static final WireLimits DEFAULT = new WireLimits(64 << 20, 4096);

  /// Most bytes of each of a message's small parts: descriptor, Arrow header, app_metadata.
  static final int MAX_HEADER_BYTES = 64 << 10;

  public WireLimits {
    if (maxMessageBytes < 1 << 16 || maxRows < 1) {
      throw new IllegalArgumentException(
          "message bytes are %d, must be at least 65536; rows are %d, must be at least 1"
              .formatted(maxMessageBytes, maxRows));
    }
  }
}
