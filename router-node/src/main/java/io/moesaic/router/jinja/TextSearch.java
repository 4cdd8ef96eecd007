package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Numeric.Bool;
import io.moesaic.router.jinja.Numeric.Int;
import io.moesaic.router.jinja.Value.Items;
import io.moesaic.router.jinja.Value.Text;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiPredicate;

/// The methods of texts that look for parts of them.
final class TextSearch {
  private TextSearch() {}

  static Value split(Text self, Arguments arguments, Work work) {
    var given = arguments.bind("split", "sep", "maxsplit");
    var limit = limit(given.integer("maxsplit", -1));
    var text = self.content();
    if (!given.has("sep")) {
      return list(words(text, limit, work), work);
    }
    var separator = separator(given.text("sep"));
    work.spendOnSearch(text, separator);
    var parts = new ArrayList<String>();
    var from = 0;
    for (var at = text.indexOf(separator);
        at >= 0 && parts.size() < limit;
        at = text.indexOf(separator, from)) {
      add(parts, text.substring(from, at));
      from = at + separator.length();
    }
    add(parts, text.substring(from));
    return list(parts, work);
  }

  private static List<String> words(String text, long limit, Work work) {
    work.spendOnText(text.length());
    var words = new ArrayList<String>();
    var from = Characters.skipSpace(text, 0);
    while (from < text.length() && words.size() < limit) {
      var end = from;
      while (end < text.length() && !Characters.isSpace(text.charAt(end))) {
        end++;
      }
      add(words, text.substring(from, end));
      from = Characters.skipSpace(text, end);
    }
    if (from < text.length()) {
      add(words, text.substring(from));
    }
    return words;
  }

  static Value splitFromEnd(Text self, Arguments arguments, Work work) {
    var given = arguments.bind("rsplit", "sep", "maxsplit");
    var limit = limit(given.integer("maxsplit", -1));
    var text = self.content();
    if (!given.has("sep")) {
      return list(wordsFromEnd(text, limit, work), work);
    }
    var separator = separator(given.text("sep"));
    work.spendOnSearch(text, separator);
    var parts = new ArrayList<String>();
    var end = text.length();
    while (parts.size() < limit) {
      var at = text.lastIndexOf(separator, end - separator.length());
      if (at < 0) {
        break;
      }
      add(parts, text.substring(at + separator.length(), end));
      end = at;
    }
    add(parts, text.substring(0, end));
    return list(parts.reversed(), work);
  }

  private static List<String> wordsFromEnd(String text, long limit, Work work) {
    work.spendOnText(text.length());
    var words = new ArrayList<String>();
    var rest = Characters.stripEnd(text);
    var end = rest.length();
    while (end > 0 && words.size() < limit) {
      var from = end;
      while (from > 0 && !Characters.isSpace(rest.charAt(from - 1))) {
        from--;
      }
      add(words, rest.substring(from, end));
      end = from;
      while (end > 0 && Characters.isSpace(rest.charAt(end - 1))) {
        end--;
      }
    }
    if (end > 0) {
      add(words, rest.substring(0, end));
    }
    return words.reversed();
  }

  private static long limit(long count) {
    return count < 0 ? Long.MAX_VALUE : count;
  }

  private static void add(List<String> parts, String part) {
    Work.checkItems(parts.size());
    parts.add(part);
  }

  private static String separator(String separator) {
    if (separator.isEmpty()) {
      throw new Failure("a text cannot be split at the empty text");
    }
    return separator;
  }

  private static Items list(List<String> parts, Work work) {
    work.spendOnItems(parts.size());
    return Items.list(parts.stream().<Value>map(Text::new).toList());
  }

  static Value partition(Text self, Arguments arguments, Work work) {
    var separator = separator(arguments.bind("partition", "sep").text("sep"));
    work.spendOnSearch(self.content(), separator);
    var at = self.content().indexOf(separator);
    return at < 0 ? parts(self.content(), "", "") : cut(self.content(), at, separator);
  }

  static Value partitionFromEnd(Text self, Arguments arguments, Work work) {
    var separator = separator(arguments.bind("rpartition", "sep").text("sep"));
    work.spendOnSearch(self.content(), separator);
    var at = self.content().lastIndexOf(separator);
    return at < 0 ? parts("", "", self.content()) : cut(self.content(), at, separator);
  }

  private static Items cut(String text, int at, String separator) {
    return parts(text.substring(0, at), separator, text.substring(at + separator.length()));
  }

  private static Items parts(String head, String separator, String tail) {
    return Items.tuple(List.of(new Text(head), new Text(separator), new Text(tail)));
  }

  static Value replace(Text self, Arguments arguments, Work work) {
    var given = arguments.bind("replace", "old", "new", "count");
    return replace(
        self.content(), given.text("old"), given.text("new"), given.integer("count", -1), work);
  }

  /// The empty text stands before each character, and at the end.
  static Text replace(String text, String old, String replacement, long count, Work work) {
    work.spendOnSearch(text, old);
    var limit = limit(count);
    var output = new Output(work);
    var from = 0;
    var at = limit == 0 ? -1 : text.indexOf(old);
    for (var replaced = 1L; at >= 0; replaced++) {
      output.append(text, from, at).append(replacement);
      from = at + old.length();
      var next = old.isEmpty() && at < text.length() ? text.offsetByCodePoints(at, 1) : from;
      at =
          replaced == limit || (old.isEmpty() && at == text.length())
              ? -1
              : text.indexOf(old, next);
    }
    return output.append(text, from, text.length()).toText();
  }

  static Value startsWith(Text self, Arguments arguments, Work work) {
    return affixed(self, "startswith", arguments, String::startsWith, work);
  }

  static Value endsWith(Text self, Arguments arguments, Work work) {
    return affixed(self, "endswith", arguments, String::endsWith, work);
  }

  /// Whether the text has one of the affixes.
  private static Value affixed(
      Text self, String name, Arguments arguments, BiPredicate<String, String> has, Work work) {
    var given = arguments.bind(name, "affix", "start", "end");
    var part = Part.of(self, given);
    var affixes =
        given.get("affix") instanceof Items items && items.kind() == Items.Kind.TUPLE
            ? items.values()
            : List.<Value>of(new Text(given.text("affix")));
    for (var affix : affixes) {
      if (!(affix instanceof Text(var sought))) {
        throw Failure.of("%s() needs texts, not a value of type %s", name, affix.type());
      }
      work.spend(1);
      work.spendOnText(Math.min(sought.length(), self.content().length()));
      if (part.exists() && has.test(part.text(), sought)) {
        return new Bool(true);
      }
    }
    return new Bool(false);
  }

  /// A text from one place to another, which does not exist if it begins behind its end.
  private record Part(String text, long start, boolean exists) {
    static Part of(Text text, Parameters given) {
      if (!given.has("start") && !given.has("end")) {
        return new Part(text.content(), 0, true);
      }
      var length = text.length();
      var start = place(given.integerOrNone("start", 0), length);
      var end = Math.min(length, place(given.integerOrNone("end", length), length));
      if (start > end) {
        return new Part("", start, false);
      }
      var from = text.content().offsetByCodePoints(0, (int) start);
      var to = text.content().offsetByCodePoints(from, (int) (end - start));
      return new Part(text.content().substring(from, to), start, true);
    }

    private static long place(long place, int length) {
      return place < 0 ? Math.max(0, place + length) : place;
    }

    /// @param at a place in UTF-16; negative for none
    long place(int at) {
      return at < 0 ? -1 : start + text.codePointCount(0, at);
    }
  }

  static Value find(Text self, Arguments arguments, Work work) {
    return new Int(find(self, "find", arguments, work));
  }

  static Value index(Text self, Arguments arguments, Work work) {
    var place = find(self, "index", arguments, work);
    if (place < 0) {
      throw new Failure("index() does not find the part in the text");
    }
    return new Int(place);
  }

  private static long find(Text self, String name, Arguments arguments, Work work) {
    var given = arguments.bind(name, "sub", "start", "end");
    var sought = given.text("sub");
    work.spendOnSearch(self.content(), sought);
    var part = Part.of(self, given);
    return part.exists() ? part.place(part.text().indexOf(sought)) : -1;
  }

  static Value findLast(Text self, Arguments arguments, Work work) {
    var given = arguments.bind("rfind", "sub", "start", "end");
    var sought = given.text("sub");
    work.spendOnSearch(self.content(), sought);
    var part = Part.of(self, given);
    return new Int(part.exists() ? part.place(part.text().lastIndexOf(sought)) : -1);
  }

  static Value count(Text self, Arguments arguments, Work work) {
    var given = arguments.bind("count", "sub", "start", "end");
    var sought = given.text("sub");
    work.spendOnSearch(self.content(), sought);
    var part = Part.of(self, given);
    if (sought.isEmpty()) {
      return new Int(part.exists() ? part.text().codePointCount(0, part.text().length()) + 1L : 0);
    }
    var count = 0L;
    for (var at = part.text().indexOf(sought);
        at >= 0;
        at = part.text().indexOf(sought, at + sought.length())) {
      count++;
    }
    return new Int(count);
  }
}
