package io.moesaic.router.api;

import java.time.Duration;
import java.util.List;

/// Bounds and policies of the API.
///
/// @param version what `/version` tells
/// @param allowedOrigins web origins whose pages may call the API, such as `http://localhost:3000`;
///     `*` is any, none are only pages that come from the same address
/// @param maxBodyBytes of a request
/// @param maxChoices most texts of one request: prompts times `n`
/// @param maxUnreadBytes a stream whose client leaves more unread is given up
/// @param unreadTimeout a stream whose client reads nothing for so long is given up
public record ApiSettings(
    String version,
    List<String> allowedOrigins,
    long maxBodyBytes,
    int maxChoices,
    long maxUnreadBytes,
    Duration unreadTimeout) {
  public ApiSettings {
    if (maxBodyBytes < 1 || maxChoices < 1 || maxUnreadBytes < 0 || !unreadTimeout.isPositive()) {
      throw new IllegalArgumentException(
          "max body %d bytes, max choices %d, max unread %d bytes, unread timeout %s"
              .formatted(maxBodyBytes, maxChoices, maxUnreadBytes, unreadTimeout));
    }
    allowedOrigins = List.copyOf(allowedOrigins);
  }

  public static ApiSettings defaults(String version) {
    return new ApiSettings(version, List.of(), 8 << 20, 256, 4 << 20, Duration.ofSeconds(60));
  }
}
