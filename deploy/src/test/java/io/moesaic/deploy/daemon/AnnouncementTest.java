package io.moesaic.deploy.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.moesaic.wire.NodeAddress;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AnnouncementTest {
  private static void assertSurvives(Announcement announcement) {
    assertEquals(announcement, Announcement.parse(announcement.json()));
  }

  @Test
  void whatIsWrittenIsRead() {
    var address = new NodeAddress("127.0.0.1", 41234);
    var other = new NodeAddress("::1", 1);
    assertSurvives(new Announcement.Listening(Endpoints.router(address, Optional.empty())));
    assertSurvives(new Announcement.Listening(Endpoints.router(address, Optional.of(other))));
    assertSurvives(new Announcement.Listening(Endpoints.expert(other)));
    assertSurvives(new Announcement.Loading(1L << 40, 1L << 41));
    assertSurvives(new Announcement.Ready(1L << 35, 11));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "hello", "{}", "{\"event\":\"dancing\"}", "[1]"})
  void otherLinesAreNoAnnouncements(String line) {
    assertThrows(IllegalArgumentException.class, () -> Announcement.parse(line));
  }

  @ParameterizedTest
  @CsvSource({
    "0,0 B",
    "999,999 B",
    "1000,1.0 kB",
    "4202496,4.2 MB",
    "9999999,10 MB",
    "999999999,1.0 GB",
    "46700000000,47 GB"
  })
  void bytesAreCountedForPeople(long bytes, String text) {
    assertEquals(text, ByteCount.format(bytes));
  }
}
