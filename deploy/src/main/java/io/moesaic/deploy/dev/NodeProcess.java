package io.moesaic.deploy.dev;

import io.moesaic.deploy.daemon.Announcement;
import io.moesaic.deploy.daemon.Endpoints;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// One life of a node in a JVM of its own, from start to end. Its announcements arrive on its
/// standard output; its standard input is the thread by which its life hangs: once this end is
/// closed, by [#close] or by the kernel when this process is gone, the node ends.
final class NodeProcess {
  /// Longer than the node takes to give up closing in order.
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(20);

  private static final int SHOWN_LOG_LINES = 8;

  private final String name;
  private final Path log;
  private final ClusterProgress progress;
  private final Process process;
  private final CompletableFuture<Endpoints> listening = new CompletableFuture<>();
  private final CompletableFuture<Announcement.Ready> ready = new CompletableFuture<>();
  private volatile boolean endWanted;

  private NodeProcess(String name, Path log, ClusterProgress progress, Process process) {
    this.name = name;
    this.log = log;
    this.progress = progress;
    this.process = process;
  }

  /// @param arguments of `moesaic`
  static NodeProcess start(
      String name, List<String> arguments, Path log, ClusterProgress progress) {
    try {
      var process = Installation.current().moesaic(arguments, log).start();
      var node = new NodeProcess(name, log, progress, process);
      // Reading from a pipe keeps a virtual thread's carrier, of which there are as many as
      // processors: a few nodes would stop all virtual threads.
      Thread.ofPlatform().daemon().name(name + "-announcements").start(node::follow);
      return node;
    } catch (IOException e) {
      throw new ClusterException(name + " cannot be started: " + e.getMessage(), e);
    }
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  Endpoints awaitListening() throws InterruptedException {
    return await(listening);
  }

  Announcement.Ready awaitReady() throws InterruptedException {
    return await(ready);
  }

  /// What the node said when it became ready, or null when it has not yet.
  Announcement.@Nullable Ready readyNow() {
    return ready.state() == CompletableFuture.State.SUCCESS ? ready.resultNow() : null;
  }

  boolean isListening() {
    return listening.state() == CompletableFuture.State.SUCCESS;
  }

  void kill() throws InterruptedException {
    endWanted = true;
    process.destroyForcibly().waitFor();
  }

  /// Ends the process in order, by force when that takes too long.
  void close() {
    endWanted = true;
    try {
      process.getOutputStream().close();
      if (!process.waitFor(CLOSE_LIMIT.toNanos(), TimeUnit.NANOSECONDS)) {
        process.destroyForcibly();
      }
    } catch (IOException _) {
      process.destroyForcibly();
    } catch (InterruptedException _) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  private static <T> T await(CompletableFuture<T> future) throws InterruptedException {
    try {
      return future.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof ClusterException failure) {
        throw failure;
      }
      throw new CompletionException(e.getCause());
    }
  }

  private void follow() {
    try (var lines = process.inputReader()) {
      for (var line = lines.readLine(); line != null; line = lines.readLine()) {
        heed(line);
      }
    } catch (IOException _) {
      // Its standard output is closed: it has ended.
    }
    ended(process.onExit().join().exitValue());
  }

  private void heed(String line) {
    try {
      switch (Announcement.parse(line)) {
        case Announcement.Listening(var endpoints) -> listening.complete(endpoints);
        case Announcement.Loading(long loaded, long total) -> progress.loading(name, loaded, total);
        case Announcement.Ready announcement -> {
          ready.complete(announcement);
          progress.ready(name);
        }
      }
    } catch (IllegalArgumentException _) {
      // A library of the node has printed something of its own.
    }
  }

  private void ended(int status) {
    var failure = new ClusterException(name + " ended while starting" + lastWords(status));
    listening.completeExceptionally(failure);
    if (!ready.completeExceptionally(failure) && !endWanted) {
      progress.died(name, status, log);
    }
  }

  private String lastWords(int status) {
    try {
      var lines = Files.readAllLines(log);
      var last = lines.subList(Math.max(0, lines.size() - SHOWN_LOG_LINES), lines.size());
      return ", with status %d. The end of %s:%n  %s"
          .formatted(status, log, String.join(System.lineSeparator() + "  ", last));
    } catch (IOException | UncheckedIOException _) {
      return ", with status " + status + ", and its log " + log + " cannot be read";
    }
  }
}
