package io.moesaic.wire;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;

/// Where a node listens or is to be reached: `host:port`, `[ipv6]:port`.
///
/// @param port 0 to listen on a free port
public record NodeAddress(String host, int port) {
  public NodeAddress {
    if (host.isBlank() || port < 0 || port > 65535) {
      throw new IllegalArgumentException(
          "address is \"%s\" port %d: a host and a port from 0 to 65535 are needed"
              .formatted(host, port));
    }
  }

  /// @throws IllegalArgumentException when the text is not `host:port`
  public static NodeAddress parse(String text) {
    int colon = text.lastIndexOf(':');
    if (colon > 0 && text.substring(colon + 1).matches("[0-9]{1,5}")) {
      var host = text.substring(0, colon);
      if (host.startsWith("[") && host.endsWith("]")) {
        host = host.substring(1, host.length() - 1);
      } else if (host.contains(":")) {
        host = "";
      }
      return new NodeAddress(host, Integer.parseInt(text.substring(colon + 1)));
    }
    throw new IllegalArgumentException(
        "address is \"" + text + "\", must be host:port, such as 127.0.0.1:9000");
  }

  /// Whether only this machine can reach it.
  public boolean isLoopback() {
    try {
      return InetAddress.getByName(host).isLoopbackAddress();
    } catch (UnknownHostException _) {
      return false;
    }
  }

  public InetSocketAddress socket() {
    return new InetSocketAddress(host, port);
  }

  @Override
  public String toString() {
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
  }
}
