package io.moesaic.deploy.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.ConnectException;
import java.net.URI;
import org.apache.arrow.flight.FlightRuntimeException;

/// A server that is not there, refuses, or fails midway. The message says why, for people.
public final class ClientException extends Exception {
  private static final long serialVersionUID = 1;
  private static final ObjectMapper JSON = new ObjectMapper();

  ClientException(String message) {
    super(message);
  }

  private ClientException(String message, Throwable cause) {
    super(message, cause);
  }

  /// The connection could not be made, or was lost.
  static ClientException unreachable(URI url, Exception cause) {
    return cause instanceof ConnectException
        ? new ClientException(
            "nothing listens at %s: start a cluster with moesaic dev, or give another --url"
                .formatted(url),
            cause)
        : new ClientException("the connection to " + url + " broke: " + cause.getMessage(), cause);
  }

  /// The server answered with another status than 200.
  static ClientException refused(URI url, int status, String body) {
    var message = body;
    try {
      message = message(JSON.readTree(body));
    } catch (JsonProcessingException _) {
      // Not from a server of ours; its own words will have to do.
    }
    return new ClientException(
        switch (status) {
          case 503 -> "%s cannot serve now: %s".formatted(url, message);
          case 429 -> "%s is busy: %s".formatted(url, message);
          default -> "%s refused the request (%d): %s".formatted(url, status, message);
        });
  }

  /// A call of Arrow Flight that was answered with an error, or not at all.
  static ClientException refused(URI url, FlightRuntimeException cause) {
    return new ClientException(
        "%s refused the request (%s): %s"
            .formatted(url, cause.status().code(), cause.status().description()),
        cause);
  }

  /// What an error object says.
  static String message(JsonNode body) {
    return body.path("error").path("message").asText(body.toString());
  }
}
