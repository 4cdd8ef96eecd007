package io.moesaic.deploy.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Stream;

/// What came of a command line.
///
/// @param status with which the process would exit
record Outcome(int status, String out, String err) {
  /// @param words of the command line, after `moesaic`
  static Outcome of(Map<String, String> environment, String... words) {
    var out = new StringWriter();
    var err = new StringWriter();
    int status = Moesaic.run(words, environment, new PrintWriter(out), new PrintWriter(err, true));
    return new Outcome(status, out.toString(), err.toString());
  }

  /// Of a command with the options that all of a test have, and then its own.
  static Outcome of(Stream<String> common, String... own) {
    return of(Map.of(), Stream.concat(common, Arrays.stream(own)).toArray(String[]::new));
  }
}
