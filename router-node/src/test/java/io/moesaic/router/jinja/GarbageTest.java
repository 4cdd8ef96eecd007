package io.moesaic.router.jinja;

import static org.junit.jupiter.api.Assertions.fail;

import java.util.Random;
import org.junit.jupiter.api.Test;

/// Whatever a template is, it is rendered, or it is told what is wrong with it.
class GarbageTest {
  private static final int TEMPLATES = 10_000;

  private static final String[] PIECES = {
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "#}",
    "{%-",
    "-%}",
    "-}}",
    "\n",
    " ",
    " ",
    " ",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ":",
    ",",
    ".",
    "|",
    "=",
    "==",
    "<",
    "~",
    "+",
    "-",
    "*",
    "/",
    "//",
    "%",
    "'a'",
    "\"",
    "'",
    "\\",
    "0",
    "1",
    "-1",
    "2.5",
    "1e400",
    "9223372036854775807",
    "_",
    "é",
    "😀",
    "\0",
    " if ",
    " else ",
    " elif ",
    " endif ",
    " for ",
    " in ",
    " endfor ",
    " set ",
    " endset ",
    " macro ",
    " endmacro ",
    " filter ",
    " endfilter ",
    " with ",
    " endwith ",
    " break ",
    " is ",
    " not ",
    " and ",
    " or ",
    " none ",
    " true ",
    "text",
    "emoji",
    "numbers",
    "item",
    "messages",
    "missing",
    "loop",
    "range(3)",
    "namespace(a=1)",
    "dict(a=1)",
    "defined",
    "string",
    "upper",
    "tojson",
    "join",
    "map",
    "select",
    "sort",
    "default",
    "indent",
    "first",
    "int",
    "unique",
    "split",
    "strip",
    "replace",
    "items()",
    "get",
    "find",
    "strftime_now",
    "raise_exception"
  };

  private static final String[] VALUES = {
    "text",
    "emoji",
    "numbers",
    "words",
    "pairs",
    "empty",
    "nothing",
    "item",
    "messages",
    "missing",
    "1",
    "-2",
    "0",
    "2.5",
    "'a'",
    "' '",
    "''",
    "true",
    "[1, 'b']",
    "{'a': 1}",
    "(1, 2)",
    "range(3)",
    "numbers|select",
    "item.items()",
    "namespace(a=1)",
    "1e308",
    "9223372036854775807",
    "text.upper",
    "-9223372036854775807",
    "strftime_now"
  };

  private static final String[] OPERATIONS = {
    "%s + %s",
    "%s - %s",
    "%s * %s",
    "%s / %s",
    "%s // %s",
    "%s %% %s",
    "%s ~ %s",
    "%s == %s",
    "%s < %s",
    "%s in %s",
    "%s[%s]",
    "%s[%s:]",
    "%s[::%s]",
    "%s|join(%s)",
    "%s|default(%s)",
    "%s|map(%s)|list",
    "%s|select(%s)|list",
    "%s|map(attribute=%s)|list",
    "%s|selectattr(%s)|list",
    "%s|sort(attribute=%s)",
    "%s|int(%s)",
    "%s|indent(%s)",
    "%s|tojson(indent=%s)",
    "%s|replace(%s, 'b')",
    "%s|trim(%s)",
    "%s|unique(attribute=%s)|list",
    "%s.split(%s)",
    "%s.rsplit(%s)",
    "%s.find(%s)",
    "%s.count(%s)",
    "%s.get(%s)",
    "%s.startswith(%s)",
    "%s.strip(%s)",
    "%s.join(%s)",
    "%s.index(%s)",
    "%s is in(%s)",
    "range(%s, %s)",
    "%s(%s)",
    "dict(%s, a=%s)",
    "[%s, %s]|sort",
    "{%s: %s}|tojson",
    "(%s, %s)|unique|list",
    "%s if %s",
    "namespace(%s).a ~ %s",
    "%s|reverse|list ~ %s",
    "%s|title ~ %s",
    "strftime_now(%s ~ %s)",
    "%s|last ~ (%s|first)"
  };

  @Test
  void piecesInAnyOrder() {
    var seed = System.nanoTime();
    var random = new Random(seed);
    for (var i = 0; i < TEMPLATES; i++) {
      var template = new StringBuilder(random.nextBoolean() ? "{{ " : "{% ");
      for (var n = random.nextInt(25); n >= 0; n--) {
        template.append(PIECES[random.nextInt(PIECES.length)]);
      }
      assertRendersOrTellsWhy(template.toString(), seed);
    }
  }

  @Test
  void operationsOnAnyValues() {
    var seed = System.nanoTime();
    var random = new Random(seed);
    for (var i = 0; i < TEMPLATES; i++) {
      assertRendersOrTellsWhy("{{ " + expression(random, random.nextInt(1, 4)) + " }}", seed);
    }
  }

  private static String expression(Random random, int depth) {
    if (depth == 0) {
      return VALUES[random.nextInt(VALUES.length)];
    }
    return OPERATIONS[random.nextInt(OPERATIONS.length)].formatted(
        "(" + expression(random, depth - 1) + ")",
        "(" + expression(random, random.nextInt(depth)) + ")");
  }

  private static void assertRendersOrTellsWhy(String template, long seed) {
    try {
      Rendering.of(template);
    } catch (JinjaException e) {
      if (e.getMessage() == null || e.line() < 1) {
        fail("seed %d: %s".formatted(seed, template), e);
      }
    } catch (RuntimeException | StackOverflowError e) {
      fail("seed %d: %s".formatted(seed, template), e);
    }
  }
}
