package io.moesaic.deploy.daemon;

import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Announcements as log lines for people: progress shows each time it passes another 10 %.
final class LoggedAnnouncements implements Consumer<Announcement> {
  private static final Logger log = LoggerFactory.getLogger(Daemon.class);
  private static final int STEP_PERCENT = 10;

  private final NodeRole role;
  private int nextPercent = STEP_PERCENT;

  LoggedAnnouncements(NodeRole role) {
    this.role = role;
  }

  @Override
  public void accept(Announcement announcement) {
    switch (announcement) {
      case Announcement.Listening(var endpoints) ->
          log.info("{} listens at {}", role.label(), endpoints);
      case Announcement.Loading(long loaded, long total) -> logProgress(loaded, total);
      case Announcement.Ready(long memory, int held) ->
          log.info(
              "ready: {} of weights{}",
              ByteCount.format(memory),
              held == 0 ? "" : ", " + held + " experts");
    }
  }

  private void logProgress(long loaded, long total) {
    int percent = total == 0 ? 100 : (int) (loaded * 100 / total);
    if (percent >= nextPercent) {
      log.info("loaded {} of {}", ByteCount.format(loaded), ByteCount.format(total));
      nextPercent = percent - percent % STEP_PERCENT + STEP_PERCENT;
    }
  }
}
