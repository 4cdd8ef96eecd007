package io.moesaic.router.jinja;

import static java.util.Map.entry;

import io.moesaic.router.jinja.Value.Int;
import io.moesaic.router.jinja.Value.Items;
import io.moesaic.router.jinja.Value.Text;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiPredicate;
import java.util.function.IntPredicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// The methods of texts.
final class TextMethods {
  /// One method, with the text that it belongs to.
  @FunctionalInterface
  private interface Method {
    Value call(String self, Arguments arguments, Work work);
  }

  private static final Map<String, Method> METHODS =
      Map.ofEntries(
          entry("lower", changed(TextMethods::lower)),
          entry("upper", changed(text -> text.toUpperCase(Locale.ROOT))),
          entry("capitalize", changed(TextMethods::capitalize)),
          entry("title", changed(text -> title(text, c -> !Character.isLetter(c)))),
          entry("strip", (self, given, work) -> strip(self, true, true, given, work)),
          entry("lstrip", (self, given, work) -> strip(self, true, false, given, work)),
          entry("rstrip", (self, given, work) -> strip(self, false, true, given, work)),
          entry("removeprefix", TextMethods::removePrefix),
          entry("removesuffix", TextMethods::removeSuffix),
          entry("split", (self, given, work) -> split(self, false, given, work)),
          entry("rsplit", (self, given, work) -> split(self, true, given, work)),
          entry("splitlines", TextMethods::splitLines),
          entry("join", TextMethods::join),
          entry("replace", TextMethods::replace),
          entry("startswith", affixed("startswith", String::startsWith)),
          entry("endswith", affixed("endswith", String::endsWith)),
          entry("find", TextMethods::find),
          entry("index", TextMethods::index),
          entry("count", TextMethods::count));

  private TextMethods() {}

  static Value.@Nullable Function find(Text text, String name) {
    var method = METHODS.get(name);
    if (method == null) {
      return null;
    }
    return (arguments, work) -> {
      work.spendOn(text);
      return method.call(text.content(), arguments, work);
    };
  }

  private static Method changed(UnaryOperator<String> change) {
    return (self, arguments, _) -> {
      arguments.bind("this method");
      return new Text(change.apply(self));
    };
  }

  static String lower(String text) {
    return text.toLowerCase(Locale.ROOT);
  }

  private static String capitalize(String text) {
    if (text.isEmpty()) {
      return text;
    }
    var rest = text.offsetByCodePoints(0, 1);
    return Character.toString(Character.toTitleCase(text.codePointAt(0)))
        + lower(text.substring(rest));
  }

  /// @param beforeWords after which characters a word begins
  static String title(String text, IntPredicate beforeWords) {
    var title = new StringBuilder();
    var begins = true;
    for (var c : text.codePoints().toArray()) {
      title.appendCodePoint(begins ? Character.toTitleCase(c) : Character.toLowerCase(c));
      begins = beforeWords.test(c);
    }
    return title.toString();
  }

  private static Value strip(
      String text, boolean start, boolean end, Arguments arguments, Work work) {
    var given = arguments.bind("strip", "chars");
    var chars = given.has("chars") ? given.text("chars") : null;
    work.spendOnSearch(text, chars == null ? "" : chars);
    IntPredicate dropped = chars == null ? Whitespace::isSpace : c -> chars.indexOf(c) >= 0;
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

  private static Value removePrefix(String text, Arguments arguments, Work work) {
    var prefix = arguments.bind("removeprefix", "prefix").text("prefix");
    return new Text(text.startsWith(prefix) ? text.substring(prefix.length()) : text);
  }

  private static Value removeSuffix(String text, Arguments arguments, Work work) {
    var suffix = arguments.bind("removesuffix", "suffix").text("suffix");
    var end = text.length() - (text.endsWith(suffix) ? suffix.length() : 0);
    return new Text(text.substring(0, end));
  }

  private static Value split(String text, boolean fromEnd, Arguments arguments, Work work) {
    var given = arguments.bind("split", "sep", "maxsplit");
    var limit = given.integer("maxsplit", -1);
    if (!given.has("sep")) {
      if (limit >= 0) {
        throw new Failure("split with a limit needs a separator");
      }
      return list(words(text), work);
    }
    var separator = given.text("sep");
    if (separator.isEmpty()) {
      throw new Failure("a text cannot be split at the empty text");
    }
    work.spendOnSearch(text, separator);
    var parts = new ArrayList<String>();
    var from = 0;
    for (var at = text.indexOf(separator); at >= 0; at = text.indexOf(separator, from)) {
      add(parts, text.substring(from, at));
      from = at + separator.length();
    }
    add(parts, text.substring(from));
    return list(limit < 0 ? parts : joined(parts, separator, limit, fromEnd), work);
  }

  /// Undoes all splits but some.
  private static List<String> joined(
      List<String> parts, String separator, long splits, boolean fromEnd) {
    if (splits >= parts.size() - 1) {
      return parts;
    }
    var kept = (int) splits;
    var joined = new ArrayList<String>();
    if (fromEnd) {
      var cut = parts.size() - kept;
      joined.add(String.join(separator, parts.subList(0, cut)));
      joined.addAll(parts.subList(cut, parts.size()));
    } else {
      joined.addAll(parts.subList(0, kept));
      joined.add(String.join(separator, parts.subList(kept, parts.size())));
    }
    return joined;
  }

  private static List<String> words(String text) {
    var words = new ArrayList<String>();
    var from = Whitespace.skip(text, 0);
    while (from < text.length()) {
      var end = from;
      while (end < text.length() && !Whitespace.isSpace(text.charAt(end))) {
        end++;
      }
      add(words, text.substring(from, end));
      from = Whitespace.skip(text, end);
    }
    return words;
  }

  private static Value splitLines(String text, Arguments arguments, Work work) {
    arguments.bind("splitlines");
    return list(lines(text), work);
  }

  static List<String> lines(String text) {
    var lines = new ArrayList<String>();
    var begin = 0;
    for (var at = 0; at < text.length(); at++) {
      if (Whitespace.isLineBreak(text.charAt(at))) {
        var next = text.startsWith("\r\n", at) ? at + 2 : at + 1;
        add(lines, text.substring(begin, at));
        begin = next;
        at = next - 1;
      }
    }
    if (begin < text.length()) {
      lines.add(text.substring(begin));
    }
    return lines;
  }

  private static void add(List<String> parts, String part) {
    Work.checkItems(parts.size());
    parts.add(part);
  }

  private static Items list(List<String> parts, Work work) {
    work.spend(parts.size());
    return Items.list(parts.stream().<Value>map(Text::new).toList());
  }

  private static Value join(String separator, Arguments arguments, Work work) {
    var output = work.new Output();
    var between = "";
    for (var part : Members.toList(arguments.bind("join", "parts").get("parts"), work)) {
      if (!(part instanceof Text(var text))) {
        throw Failure.of("join() needs texts, not a value of type %s", part.type());
      }
      output.append(between).append(text);
      between = separator;
      work.spend(1);
    }
    return output.toText();
  }

  private static Value replace(String text, Arguments arguments, Work work) {
    var given = arguments.bind("replace", "old", "new", "count");
    var limit = given.integer("count", -1);
    return replace(text, given.text("old"), given.text("new"), limit, work);
  }

  /// @param limit of how many are replaced; negative for none
  static Text replace(String text, String old, String replacement, long limit, Work work) {
    if (old.isEmpty()) {
      throw new Failure("the empty text cannot be replaced");
    }
    work.spendOnSearch(text, old);
    var output = work.new Output();
    var from = 0;
    for (var left = limit; left != 0; left--) {
      var at = text.indexOf(old, from);
      if (at < 0) {
        break;
      }
      output.append(text, from, at).append(replacement);
      from = at + old.length();
    }
    return output.append(text, from, text.length()).toText();
  }

  /// Whether a text has one of several affixes.
  private static Method affixed(String name, BiPredicate<String, String> has) {
    return (self, arguments, work) -> {
      var affixes = arguments.bind(name, "affix").get("affix");
      var found = false;
      for (var affix : affixes instanceof Items(_, var several) ? several : List.of(affixes)) {
        if (!(affix instanceof Text(var sought))) {
          throw Failure.of("%s() needs a text, not a value of type %s", name, affix.type());
        }
        work.spendOn(affix);
        found |= has.test(self, sought);
      }
      return new Value.Bool(found);
    };
  }

  private static Int find(String text, Arguments arguments, Work work) {
    var sought = arguments.bind("find", "sub").text("sub");
    work.spendOnSearch(text, sought);
    var at = text.indexOf(sought);
    return new Int(at < 0 ? -1 : text.codePointCount(0, at));
  }

  private static Int index(String text, Arguments arguments, Work work) {
    var place = find(text, arguments, work);
    if (place.integer() < 0) {
      throw new Failure("index() does not find the part in the text");
    }
    return place;
  }

  private static Int count(String text, Arguments arguments, Work work) {
    var sought = arguments.bind("count", "sub").text("sub");
    work.spendOnSearch(text, sought);
    if (sought.isEmpty()) {
      return new Int(text.codePointCount(0, text.length()) + 1L);
    }
    var count = 0;
    for (var at = text.indexOf(sought); at >= 0; at = text.indexOf(sought, at + sought.length())) {
      count++;
    }
    return new Int(count);
  }
}
