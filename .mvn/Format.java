import com.google.googlejavaformat.java.Main;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Checks or applies google-java-format over all modules.
///
/// The formatter parses with the compiler of the JVM it runs in, so it must run on JDK 25 even when
/// Maven itself does not: the root POM starts this file on the JDK that toolchain discovery found.
/// `check` (the default of `mvn verify`) changes nothing and fails with the names of the files;
/// `apply` (`mvn -N verify -Dformat=apply`) rewrites them.
void main(String[] args) throws Exception {
  var mode = args[0];
  List<String> arguments = new ArrayList<>();
  switch (mode) {
    case "check" -> arguments.addAll(List.of("--dry-run", "--set-exit-if-changed"));
    case "apply" -> arguments.add("--replace");
    default -> throw new IllegalArgumentException("format is \"" + mode + "\", must be check or apply");
  }
  for (var module : List.of("tensor", "proto", "router-node", "expert-node", "deploy")) {
    try (var files = Files.walk(Path.of(module, "src"))) {
      files.map(Path::toString).filter(file -> file.endsWith(".java")).sorted().forEach(arguments::add);
    }
  }
  var out = new PrintWriter(System.out, true);
  int status = new Main(out, new PrintWriter(System.err, true), System.in).format(arguments.toArray(String[]::new));
  if (status != 0 && mode.equals("check")) {
    System.err.println("The files named above are not formatted: run mvn -N verify -Dformat=apply");
  }
  System.exit(status);
}
