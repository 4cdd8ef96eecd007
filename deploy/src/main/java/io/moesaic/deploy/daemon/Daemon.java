package io.moesaic.deploy.daemon;

import io.moesaic.tensor.checkpoint.LoadProgress;
import java.io.IOException;
import java.io.PrintStream;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;

/// The life of a node's process: bind, load, serve until it is told to end.
///
/// ```
///   bind -> listening -> loading ... -> ready -> signal, or the parent is gone -> close -> exit 0
/// ```
public final class Daemon {
  /// What routers and expert nodes have in common.
  public interface Node extends AutoCloseable {
    Endpoints endpoints();

    /// Blocks until the node serves.
    void load(LoadProgress progress) throws IOException, InterruptedException;

    /// Memory of the weights.
    long memoryBytes();

    int heldExperts();

    @Override
    void close();
  }

  private final Consumer<Announcement> announcements;
  private final boolean hasParent;

  private Daemon(Consumer<Announcement> announcements, boolean hasParent) {
    this.announcements = announcements;
    this.hasParent = hasParent;
  }

  /// A daemon that logs how far it is, and ends on a signal.
  public static Daemon standalone(NodeRole role) {
    return new Daemon(new LoggedAnnouncements(role), false);
  }

  /// A daemon that announces how far it is on `out`, and ends when its standard input does.
  public static Daemon announcing(PrintStream out) {
    return new Daemon(announcement -> out.println(announcement.json()), true);
  }

  /// Serves with a node that listens already. Returns only by failing to load: a node that serves
  /// ends with the process.
  public void run(Node node) throws IOException, InterruptedException {
    var exit = new GracefulExit(node::close);
    if (hasParent) {
      exit.onEndOf(System.in);
    } else {
      exit.onSignals();
    }
    try {
      announcements.accept(new Announcement.Listening(node.endpoints()));
      node.load((loaded, total) -> announcements.accept(new Announcement.Loading(loaded, total)));
      announcements.accept(new Announcement.Ready(node.memoryBytes(), node.heldExperts()));
    } catch (RuntimeException | Error | IOException e) {
      // A node that is closed while it loads fails to load; that is no failure to report.
      if (!exit.hasBegun()) {
        node.close();
        throw e;
      }
    }
    new CountDownLatch(1).await();
  }
}
