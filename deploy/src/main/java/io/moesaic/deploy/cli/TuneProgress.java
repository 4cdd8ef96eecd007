package io.moesaic.deploy.cli;

import io.moesaic.deploy.tune.SweepProgress;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.function.LongSupplier;

/// Shows how far a measurement is: a bar that is redrawn on a terminal, a line for each tenth
/// elsewhere.
final class TuneProgress implements SweepProgress {
  private static final int WIDTH = 40;

  /// ANSI: back to the begin of the line, and clear what stands there.
  private static final String REDRAW = "\r\033[K";

  private final PrintWriter err;
  private final boolean terminal;
  private final LongSupplier nanoClock;
  private long startNanos;
  private int shownTenths;

  TuneProgress(PrintWriter err, boolean terminal, LongSupplier nanoClock) {
    this.err = err;
    this.terminal = terminal;
    this.nanoClock = nanoClock;
  }

  @Override
  public void advanced(int done, int total) {
    if (done == 1) {
      startNanos = nanoClock.getAsLong();
    }
    if (terminal) {
      int filled = WIDTH * done / total;
      err.print(
          REDRAW
              + (done == total
                  ? ""
                  : "[%s%s]  %d of %d passes%s"
                      .formatted(
                          "#".repeat(filled),
                          ".".repeat(WIDTH - filled),
                          done,
                          total,
                          remaining(done, total))));
      err.flush();
    } else if (done * 10 / total > shownTenths) {
      shownTenths = done * 10 / total;
      err.println("%d of %d passes%s".formatted(done, total, remaining(done, total)));
      err.flush();
    }
  }

  private String remaining(int done, int total) {
    if (done == 1 || done == total) {
      return "";
    }
    long elapsedNanos = nanoClock.getAsLong() - startNanos;
    var left = Duration.ofNanos(elapsedNanos / (done - 1) * (total - done));
    return ", about %d s to go".formatted(left.toSeconds() + 1);
  }
}
