package io.moesaic.router.jinja;

import static java.util.Map.entry;

import io.moesaic.router.jinja.Filters.Filter;
import io.moesaic.router.jinja.Numeric.Int;
import io.moesaic.router.jinja.Value.Text;
import io.moesaic.router.jinja.Value.Undefined;
import java.util.Map;
import java.util.regex.Pattern;

/// Filters that make texts. Most take any value, as Python prints it.
final class TextFilters {
  static final Map<String, Filter> BY_NAME =
      Map.ofEntries(
          entry("string", TextFilters::string),
          // means that nothing in it needs to be escaped, which here nothing ever does
          entry("safe", TextFilters::string),
          entry("lower", method("lower")),
          entry("upper", method("upper")),
          entry("capitalize", method("capitalize")),
          entry("trim", method("strip")),
          entry("title", TextFilters::title),
          entry("replace", TextFilters::replace),
          entry("indent", TextFilters::indent),
          entry("truncate", TextFilters::truncate),
          entry("wordcount", TextFilters::countWords),
          entry("format", TextFilters::format),
          entry("escape", TextFilters::escape),
          entry("e", TextFilters::escape));

  private static final Pattern WORD = Pattern.compile("\\w+", Pattern.UNICODE_CHARACTER_CLASS);

  private TextFilters() {}

  private static Value string(Value input, Arguments arguments, Work work) {
    arguments.bind("string");
    return new Text(Printer.print(input, work));
  }

  private static Filter method(String name) {
    return (input, arguments, work) ->
        TextMethods.call(new Text(Printer.print(input, work)), name, arguments, work);
  }

  /// A word begins after a blank, a hyphen or an opening bracket.
  private static Value title(Value input, Arguments arguments, Work work) {
    arguments.bind("title");
    var text = Printer.print(input, work);
    work.spendOnItems(text.length());
    var title = new StringBuilder();
    var begins = true;
    for (var c : text.codePoints().toArray()) {
      var letter = Character.toString(c);
      title.append(begins ? TextMethods.upper(letter) : TextMethods.lower(letter));
      begins = Characters.isSpace(c) || "-({[<".indexOf(c) >= 0;
    }
    return new Text(title.toString());
  }

  private static Value replace(Value input, Arguments arguments, Work work) {
    var given = arguments.bind("replace", "old", "new", "count");
    return TextSearch.replace(
        Printer.print(input, work),
        Printer.print(given.get("old"), work),
        Printer.print(given.get("new"), work),
        given.integerOrNone("count", -1),
        work);
  }

  private static Value indent(Value input, Arguments arguments, Work work) {
    var given = arguments.bind("indent", "width", "first", "blank");
    if (!(input instanceof Text(var text))) {
      throw Failure.of("indent needs a text, not a value of type %s", input.type());
    }
    var indent =
        given.get("width", new Int(4)) instanceof Text(var prefix)
            ? prefix
            : " ".repeat(Work.checkLength(1, given.integer("width", 4)));
    var output = new Output(work);
    var isFirst = true;
    // a newline at the end begins one more line
    for (var line : TextMethods.lines(text + "\n", false)) {
      output.append(isFirst ? "" : "\n");
      if (isFirst ? given.truth("first") : given.truth("blank") || !line.isEmpty()) {
        output.append(indent);
      }
      output.append(line);
      isFirst = false;
    }
    return output.toText();
  }

  private static Value truncate(Value input, Arguments arguments, Work work) {
    var given = arguments.bind("truncate", "length", "killwords", "end", "leeway");
    var length = given.integer("length", 255);
    var end = given.text("end", "...");
    var leeway = given.integerOrNone("leeway", 5);
    var ending = new Text(end).length();
    if (length < ending || leeway < 0) {
      throw Failure.of("truncate cannot cut to %d characters with a leeway of %d", length, leeway);
    }
    if (Iteration.length(input) - leeway <= length) {
      return input;
    }
    if (!(input instanceof Text text)) {
      throw Failure.of("truncate needs a text, not a value of type %s", input.type());
    }
    var head =
        text.content().substring(0, text.content().offsetByCodePoints(0, (int) length - ending));
    var lastBlank = head.lastIndexOf(' ');
    return new Text(
        (given.truth("killwords") || lastBlank < 0 ? head : head.substring(0, lastBlank)) + end);
  }

  private static Value countWords(Value input, Arguments arguments, Work work) {
    arguments.bind("wordcount");
    var text = Printer.print(input, work);
    work.spendOnText(text.length());
    return new Int(WORD.matcher(text).results().count());
  }

  private static Value format(Value input, Arguments arguments, Work work) {
    if (!arguments.named().isEmpty()) {
      throw new Failure("format with named arguments is not supported");
    }
    return PercentFormat.format(
        Printer.print(input, work), Value.Items.tuple(arguments.positional()), work);
  }

  /// Nothing is escaped that was not asked to be.
  private static Value escape(Value input, Arguments arguments, Work work) {
    arguments.bind("escape");
    if (input instanceof Undefined) {
      return Text.EMPTY;
    }
    var output = new Output(work);
    Printer.print(input, work)
        .codePoints()
        .forEach(
            c ->
                output.append(
                    switch (c) {
                      case '&' -> "&amp;";
                      case '<' -> "&lt;";
                      case '>' -> "&gt;";
                      case '"' -> "&#34;";
                      case '\'' -> "&#39;";
                      default -> Character.toString(c);
                    }));
    return output.toText();
  }
}
