package io.moesaic.deploy.daemon;

import java.util.Locale;

/// Bytes for people: `512 B`, `4.2 MB`, `46 GB`.
public final class ByteCount {
  private static final String[] UNITS = {"B", "kB", "MB", "GB", "TB", "PB"};

  private ByteCount() {}

  public static String format(long bytes) {
    double value = bytes;
    int unit = 0;
    // 999.5 would be rounded to 1000.
    while (value >= 999.5 && unit < UNITS.length - 1) {
      value /= 1000;
      unit++;
    }
    var pattern = unit == 0 || value >= 9.95 ? "%.0f %s" : "%.1f %s";
    return String.format(Locale.ROOT, pattern, value, UNITS[unit]);
  }
}
