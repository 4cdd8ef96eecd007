package io.moesaic.deploy.cli;

import io.moesaic.deploy.daemon.ByteCount;
import java.io.PrintWriter;
import java.util.HashMap;
import java.util.Map;

/// A line each time that a node has loaded another quarter, and when it serves: for logs.
final class ProgressLines implements LoadingView {
  private static final int STEP_PERCENT = 25;

  private final PrintWriter err;
  private final Map<String, Integer> shownPercent = new HashMap<>();

  ProgressLines(PrintWriter err) {
    this.err = err;
  }

  @Override
  public void loading(String node, long loadedBytes, long totalBytes) {
    int percent = totalBytes == 0 ? 100 : (int) (loadedBytes * 100 / totalBytes);
    int step = percent - percent % STEP_PERCENT;
    if (step > shownPercent.getOrDefault(node, 0)) {
      shownPercent.put(node, step);
      err.println(
          "%s loaded %s of %s (%d %%)"
              .formatted(
                  node, ByteCount.format(loadedBytes), ByteCount.format(totalBytes), percent));
    }
  }

  @Override
  public void ready(String node) {
    err.println(node + " is ready");
  }
}
