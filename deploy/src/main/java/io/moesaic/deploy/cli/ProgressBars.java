package io.moesaic.deploy.cli;

import io.moesaic.deploy.daemon.ByteCount;
import java.io.PrintWriter;
import java.util.Map;
import java.util.TreeMap;

/// A bar for each node, redrawn in place: for terminals.
///
/// ```
///   expert-0  [################........]  2.8 MB of 4.2 MB
///   expert-1  [########################]  ready
/// ```
final class ProgressBars implements LoadingView {
  private static final int WIDTH = 24;

  /// ANSI: clears the rest of a line.
  private static final String CLEAR = "\033[K";

  private final PrintWriter err;
  private final Map<String, String> bars = new TreeMap<>();
  private int drawnLines;

  ProgressBars(PrintWriter err) {
    this.err = err;
  }

  @Override
  public void loading(String node, long loadedBytes, long totalBytes) {
    int filled = totalBytes == 0 ? WIDTH : (int) (loadedBytes * WIDTH / totalBytes);
    show(node, filled, ByteCount.format(loadedBytes) + " of " + ByteCount.format(totalBytes));
  }

  @Override
  public void ready(String node) {
    show(node, WIDTH, "ready");
  }

  private void show(String node, int filled, String words) {
    bars.put(node, "[" + "#".repeat(filled) + ".".repeat(WIDTH - filled) + "]  " + words);
    if (drawnLines > 0) {
      // ANSI: up by that many lines.
      err.print("\033[" + drawnLines + "A");
    }
    bars.forEach((name, bar) -> err.println("%-9s %s".formatted(name, bar) + CLEAR));
    drawnLines = bars.size();
    err.flush();
  }
}
