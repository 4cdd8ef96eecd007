package io.moesaic.router.jinja;

import static java.util.Map.entry;

import io.moesaic.router.jinja.Numeric.Bool;
import io.moesaic.router.jinja.Value.Function;
import io.moesaic.router.jinja.Value.Items;
import io.moesaic.router.jinja.Value.Text;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/// The methods of texts. Those that look for parts are in [TextSearch].
final class TextMethods {
  private static final Map<String, Method<Text>> METHODS =
      Map.ofEntries(
          entry("lower", (self, given, work) -> cased("lower", self, given, work)),
          entry("upper", (self, given, work) -> cased("upper", self, given, work)),
          entry("capitalize", (self, given, work) -> cased("capitalize", self, given, work)),
          entry("title", (self, given, work) -> cased("title", self, given, work)),
          entry("strip", (self, given, work) -> strip(self, true, true, given, work)),
          entry("lstrip", (self, given, work) -> strip(self, true, false, given, work)),
          entry("rstrip", (self, given, work) -> strip(self, false, true, given, work)),
          entry("removeprefix", TextMethods::removePrefix),
          entry("removesuffix", TextMethods::removeSuffix),
          entry("join", TextMethods::join),
          entry("zfill", TextMethods::fill),
          entry("splitlines", TextMethods::splitLines),
          entry("isdigit", all(Character::isDigit)),
          entry("isdecimal", all(Character::isDigit)),
          entry("isnumeric", all(Character::isDigit)),
          entry("isalpha", all(Character::isLetter)),
          entry("isalnum", all(Character::isLetterOrDigit)),
          entry("isspace", all(Characters::isSpace)),
          entry("islower", (self, given, work) -> tested("lower", self, given, work)),
          entry("isupper", (self, given, work) -> tested("upper", self, given, work)),
          entry("split", TextSearch::split),
          entry("rsplit", TextSearch::splitFromEnd),
          entry("partition", TextSearch::partition),
          entry("rpartition", TextSearch::partitionFromEnd),
          entry("replace", TextSearch::replace),
          entry("startswith", TextSearch::startsWith),
          entry("endswith", TextSearch::endsWith),
          entry("find", TextSearch::find),
          entry("rfind", TextSearch::findLast),
          entry("index", TextSearch::index),
          entry("count", TextSearch::count));

  private static final Set<String> OTHER =
      Set.of(
          "casefold",
          "center",
          "encode",
          "expandtabs",
          "format",
          "format_map",
          "isascii",
          "isidentifier",
          "isprintable",
          "istitle",
          "ljust",
          "maketrans",
          "rindex",
          "rjust",
          "swapcase",
          "translate");

  private TextMethods() {}

  static @Nullable Value find(Text text, String name) {
    return Method.find(text, name, METHODS, Set.of(), OTHER);
  }

  static Value call(Text text, String name, Arguments arguments, Work work) {
    if (find(text, name) instanceof Function method) {
      return method.call(arguments, work);
    }
    throw Failure.of("a text has no method %s()", name);
  }

  static String lower(String text) {
    return text.toLowerCase(Locale.ROOT);
  }

  static String upper(String text) {
    return text.toUpperCase(Locale.ROOT);
  }

  private static Value cased(String name, Text self, Arguments arguments, Work work) {
    arguments.bind(name);
    var text = self.content();
    work.spendOnItems(text.length());
    return new Text(
        switch (name) {
          case "lower" -> lower(text);
          case "upper" -> upper(text);
          case "title" -> title(text);
          default -> capitalize(text);
        });
  }

  private static String capitalize(String text) {
    if (text.isEmpty()) {
      return text;
    }
    var rest = text.offsetByCodePoints(0, 1);
    return capital(text.codePointAt(0)) + lower(text.substring(rest));
  }

  /// Begins each run of letters with a capital.
  private static String title(String text) {
    var title = new StringBuilder();
    var inWord = false;
    for (var c : text.codePoints().toArray()) {
      title.append(inWord ? lower(Character.toString(c)) : capital(c));
      inWord = Character.isLowerCase(c) || Character.isUpperCase(c) || Character.isTitleCase(c);
    }
    return title.toString();
  }

  private static String capital(int c) {
    var upper = upper(Character.toString(c));
    // letters such as the German sharp s become two, of which one is a capital
    return Character.toTitleCase(c) == c && upper.length() > 1 && Character.isLowerCase(c)
        ? upper.charAt(0) + lower(upper.substring(1))
        : Character.toString(Character.toTitleCase(c));
  }

  private static Value strip(
      Text self, boolean start, boolean end, Arguments arguments, Work work) {
    var given = arguments.bind("strip", "chars");
    var chars = given.has("chars") ? given.text("chars") : null;
    var text = self.content();
    work.spendOnSearch(text, chars == null ? "" : chars);
    IntPredicate dropped = chars == null ? Characters::isSpace : c -> chars.indexOf(c) >= 0;
    var from = 0;
    while (start && from < text.length() && dropped.test(text.codePointAt(from))) {
      from += Character.charCount(text.codePointAt(from));
    }
    var to = text.length();
    while (end && to > from && dropped.test(text.codePointBefore(to))) {
      to -= Character.charCount(text.codePointBefore(to));
    }
    return new Text(text.substring(from, to));
  }

  private static Value removePrefix(Text self, Arguments arguments, Work work) {
    var prefix = arguments.bind("removeprefix", "prefix").text("prefix");
    work.spendOnText(self.content().length());
    return self.content().startsWith(prefix)
        ? new Text(self.content().substring(prefix.length()))
        : self;
  }

  private static Value removeSuffix(Text self, Arguments arguments, Work work) {
    var suffix = arguments.bind("removesuffix", "suffix").text("suffix");
    work.spendOnText(self.content().length());
    return self.content().endsWith(suffix)
        ? new Text(self.content().substring(0, self.content().length() - suffix.length()))
        : self;
  }

  private static Value join(Text self, Arguments arguments, Work work) {
    var output = new Output(work);
    var separator = "";
    for (var part : Iteration.toList(arguments.bind("join", "parts").get("parts"), work)) {
      if (!(part instanceof Text(var text))) {
        throw Failure.of("join() needs texts, not a value of type %s", part.type());
      }
      output.append(separator).append(text);
      separator = self.content();
      work.spend(1);
    }
    return output.toText();
  }

  private static Value fill(Text self, Arguments arguments, Work work) {
    var width = arguments.bind("zfill", "width").integer("width");
    var zeros = "0".repeat(Work.checkLength(1, Math.max(width, 0) - self.length()));
    var text = self.content();
    var sign = text.startsWith("-") || text.startsWith("+") ? 1 : 0;
    return new Output(work)
        .append(text, 0, sign)
        .append(zeros)
        .append(text, sign, text.length())
        .toText();
  }

  private static Value splitLines(Text self, Arguments arguments, Work work) {
    var keepEnds = arguments.bind("splitlines", "keepends").truth("keepends");
    work.spendOnText(self.content().length());
    return Items.list(lines(self.content(), keepEnds).stream().<Value>map(Text::new).toList());
  }

  static List<String> lines(String text, boolean keepEnds) {
    var lines = new ArrayList<String>();
    var begin = 0;
    for (var at = 0; at < text.length(); at++) {
      if (Characters.isLineBreak(text.charAt(at))) {
        var next = text.startsWith("\r\n", at) ? at + 2 : at + 1;
        Work.checkItems(lines.size());
        lines.add(text.substring(begin, keepEnds ? next : at));
        begin = next;
        at = next - 1;
      }
    }
    if (begin < text.length()) {
      lines.add(text.substring(begin));
    }
    return lines;
  }

  private static Method<Text> all(IntPredicate predicate) {
    return (self, arguments, work) -> {
      arguments.bind("this method");
      work.spendOnText(self.content().length());
      return new Bool(self.truth() && self.content().codePoints().allMatch(predicate));
    };
  }

  private static Value tested(String test, Text self, Arguments arguments, Work work) {
    return new Bool(Tests.holds(test, self, arguments, work));
  }
}
