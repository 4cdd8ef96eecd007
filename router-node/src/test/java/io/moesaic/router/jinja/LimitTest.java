package io.moesaic.router.jinja;

import static io.moesaic.router.jinja.Rendering.assertFails;
import static io.moesaic.router.jinja.Rendering.assertRenders;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

/// Templates that would take a server's time or memory.
class LimitTest {
  private static final String LONG_TEXT = "a text grows beyond 16777216 characters";
  private static final String LONG_LIST = "a list grows beyond 1048576 items";
  private static final String STEPS = "the template takes more than 10000000 steps";
  private static final String DEEP =
      "the template nests its calls, expressions and values deeper than 500 levels";

  @Test
  void boundsTime() {
    var loops = "{% for a in range(99999) %}{% for b in range(99999) %}";
    assertFails(STEPS, loops + "{% endfor %}{% endfor %}");
    assertFails(STEPS, loops + "{% if a %}{% endif %}{% endfor %}{% endfor %}");
    var doubled =
        "{% set ns = namespace(x='ab') %}{% for a in range(22) %}"
            + "{% set ns.x = ns.x + ns.x %}{% endfor %}";
    var search = "{% for a in range(9999) %}{% if ns.x[1:] ~ 'c' in ns.x %}{% endif %}{% endfor %}";
    assertFails(STEPS, doubled + search);
    assertFails(STEPS, doubled + "{% for a in range(9999) %}{% set b = ns.x|upper %}{% endfor %}");
  }

  @Test
  void boundsTexts() {
    assertFails(LONG_TEXT, "{{ 'x' * 16777217 }}");
    assertFails(LONG_TEXT, "{{ 'xx' * 9223372036854775807 }}");
    assertFails(
        LONG_TEXT,
        "{% set ns = namespace(x='x') %}{% for a in range(99) %}{% set ns.x = ns.x ~ ns.x %}{%"
            + " endfor %}");
    assertFails(LONG_TEXT, "{% set x = 'a' * 99999 %}{{ x|replace('a', x) }}");
    assertFails(LONG_TEXT, "{% set x = 'a' * 99999 %}{{ x.join(x) }}");
    assertFails(LONG_TEXT, "{{ ('\\na' * 99999)|indent(9999) }}");
    assertFails(LONG_TEXT, "{{ [1]|tojson(indent=99999999) }}");
    assertFails(LONG_TEXT, "{% set x = 'a' * 9999999 %}{{ x }}{{ x }}");
  }

  @Test
  void boundsLists() {
    assertFails(LONG_LIST, "{{ [0] * 9999999 }}");
    assertFails(LONG_LIST, "{{ ('a' * 9999999)|list }}");
    assertFails(LONG_LIST, "{{ ('a,' * 2000000).split(',') }}");
    assertFails(LONG_LIST, "{{ ('a ' * 2000000).split() }}");
    assertFails(LONG_LIST, "{{ ('\\n' * 2000000).splitlines() }}");
    assertFails("range(0, 100001, 1) is longer than 100000", "{{ range(100001) }}");
    assertFails(
        "range(-9223372036854775808, 9223372036854775807, 1) is longer than 100000",
        "{{ range(-9223372036854775807 - 1, 9223372036854775807) }}");
  }

  /// Each list holds the one before twice, so that printing or comparing it would take for ever.
  @Test
  void boundsWhatListsHoldTogether() {
    var nested =
        "{% set ns = namespace(x=[]) %}{% for a in range(90) %}"
            + "{% set ns.x = [ns.x, ns.x] %}{% endfor %}";
    assertFails(LONG_TEXT, nested + "{{ ns.x }}");
    assertFails(STEPS, nested + "{{ ns.x == [ns.x[0], ns.x[0]] }}");
  }

  @Test
  void boundsDepth() {
    assertFails(DEEP, "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}");
    assertFails(DEEP, "{{ 1" + " + 1".repeat(9999) + " }}");
    assertFails(DEEP, "{{ text" + "|upper".repeat(9999) + " }}");
    var deep =
        "{% set ns = namespace(x=[]) %}{% for a in range(999) %}{% set ns.x = [ns.x] %}{% endfor"
            + " %}";
    assertFails(DEEP, deep + "{{ ns.x }}");
    assertFails(DEEP, deep + "{{ ns.x|tojson }}");
    assertFails(DEEP, deep + "{{ ns.x == ns.x }}");
    for (var nested :
        new String[] {
          "{{ " + "(".repeat(9999),
          "{{ " + "[".repeat(9999),
          "{{ " + "not ".repeat(9999),
          "{{ " + "-".repeat(9999),
          "{{ a[" + "a[".repeat(9999),
          "{{ a " + "if b else a ".repeat(9999) + " }}",
          "{% if a %}".repeat(9999),
          "{% set " + "(".repeat(9999)
        }) {
      assertFails("the template nests deeper than 100 levels", withEnd(nested));
    }
  }

  /// Brackets must be closed for the end of the tag to be seen.
  private static String withEnd(String template) {
    var closed = new StringBuilder(template);
    for (var at = template.length() - 1; at >= 2; at--) {
      switch (template.charAt(at)) {
        case '(' -> closed.append(')');
        case '[' -> closed.append(']');
        default -> {}
      }
    }
    return closed + (template.startsWith("{{") ? " }}" : " %}");
  }

  @Test
  void allowsWhatTemplatesNeed() {
    assertRenders(
        "99999", "{% for a in range(100000) %}{% if loop.last %}{{ a }}{% endif %}{% endfor %}");
    assertRenders("100", "{{ 0" + " + 1".repeat(100) + " }}");
    assertRenders(
        "60",
        "{% macro m(n) %}{% if n < 60 %}{{ m(n + 1) }}{% else %}{{ n }}{% endif %}{% endmacro %}"
            + "{{ m(0) }}");
  }

  @Test
  void aThreadOfTheUsualStackIsEnough() throws InterruptedException {
    var failures = new Throwable[1];
    var thread =
        new Thread(
            null,
            () -> {
              try {
                assertThrows(
                    JinjaException.class,
                    () ->
                        Rendering.of(
                            "{% macro m(a) %}{% if true %}{% for b in [1] %}{% filter upper %}"
                                + "{{ [{'a': (m(a=[1, 2]|map('string')|list) ~ '') + 'b'}] }}"
                                + "{% endfilter %}{% endfor %}{% endif %}{% endmacro %}{{ m() }}"));
              } catch (Throwable e) {
                failures[0] = e;
              }
            },
            "small-stack",
            512 << 10);
    thread.start();
    thread.join();
    if (failures[0] != null) {
      throw new AssertionError(failures[0]);
    }
  }
}
