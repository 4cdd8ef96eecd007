package io.moesaic.deploy.cli;

import io.moesaic.deploy.dev.ClusterProgress;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/// Tells the user of `moesaic dev` how the cluster is doing.
final class DevProgress implements ClusterProgress {
  /// Set by the launcher when standard error is a terminal, which Java cannot find out by itself.
  private static final String TERMINAL_PROPERTY = "moesaic.terminal";

  private static final String ROUTER = "router";

  private final PrintWriter err;
  private final LoadingView view;
  private final CountDownLatch routerGone = new CountDownLatch(1);

  private DevProgress(PrintWriter err, LoadingView view) {
    this.err = err;
    this.view = view;
  }

  /// Bars on a terminal, lines elsewhere.
  static DevProgress on(PrintWriter err) {
    return new DevProgress(err, onTerminal() ? new ProgressBars(err) : new ProgressLines(err));
  }

  /// Whether standard error is a terminal.
  static boolean onTerminal() {
    return Boolean.getBoolean(TERMINAL_PROPERTY);
  }

  @Override
  public synchronized void starting(Path logs) {
    err.println("Starting; logs are in " + shown(logs));
  }

  @Override
  public synchronized void loading(String node, long loadedBytes, long totalBytes) {
    view.loading(node, loadedBytes, totalBytes);
  }

  @Override
  public synchronized void ready(String node) {
    view.ready(node);
  }

  @Override
  public synchronized void died(String node, int status, Path log) {
    err.println("%s died with status %d; its log is %s".formatted(node, status, shown(log)));
    err.flush();
    if (node.equals(ROUTER)) {
      routerGone.countDown();
    }
  }

  /// Blocks for as long as there is a router.
  void awaitDeathOfRouter() throws InterruptedException {
    routerGone.await();
  }

  /// As short as it can be said from here.
  private static Path shown(Path path) {
    var here = Path.of("").toAbsolutePath();
    return path.startsWith(here) ? here.relativize(path) : path;
  }
}
