package io.moesaic.router.jinja;

import static io.moesaic.router.jinja.Rendering.assertRenders;

import org.junit.jupiter.api.Test;

class WhitespaceTest {
  @Test
  void aMinusDropsWhitespaceOnItsSide() {
    assertRenders("ab c", "a \n {{- 'b' }} c");
    assertRenders("a bc", "a {{ 'b' -}} \n c");
    assertRenders("abc", "a {%- if true -%} \n b {%- endif -%} c");
    assertRenders("ab", "a {#- x -#} b");
    assertRenders("Hello", "{{-text-}}");
  }

  @Test
  void blocksLeaveNoEmptyLines() {
    assertRenders("a\nb\nc", "a\n{% if true %}\nb\n{% endif %}\nc");
    assertRenders("a\n  \nb\n", "a\n  {% if true %}  \nb\n  {% endif %}\n");
    assertRenders("  1", "  {% set x = 1 %}\n  {{ x }}\n");
    assertRenders("a b", "a {% if true %}\nb{% endif %}");
    assertRenders("a\nb", "a\n  {# why #}\nb");
    assertRenders("x\ny", "\t{% if true %}x{% endif %}\n\ny");
  }

  @Test
  void outputKeepsItsLine() {
    assertRenders("Hello\nHello", "{{ text }}\n{{ text }}\n");
    assertRenders("a\n  Hello\nb", "a\n  {{ text }}\nb");
  }

  @Test
  void aPlusKeepsWhitespace() {
    assertRenders("a\n  \nb", "a\n  {%+ if true +%}\nb{% endif %}");
    assertRenders("a\n  b\nc", "a\n  {%+ if true %}b{% endif +%}\nc");
    assertRenders("a\n  \nb", "a\n  {#+ x +#}\nb");
  }

  @Test
  void onlyTheLastNewlineOfAFileIsDropped() {
    assertRenders("a", "a\n");
    assertRenders("a\n", "a\n\n");
    assertRenders("a\nb\nc", "a\r\nb\rc\r\n");
  }

  @Test
  void commentsAreNoText() {
    assertRenders("ab", "a{# {{ x }} {% if %} #}b");
    assertRenders("ab", "a{#\n\n#}b");
  }

  @Test
  void bracketsMayHoldWhatLooksLikeAnEnd() {
    assertRenders("{'a': {'b': 1}}", "{{ {'a': {'b': 1}} }}");
    assertRenders("1", "{{ {'a': {'b': 1}}['a']['b'] }}");
    assertRenders("}}%}x", "{{ '}}' ~ '%}' }}{% if '%}' %}x{% endif %}");
  }

  @Test
  void lonelyBracesAreText() {
    assertRenders("{ } {a} }} %} #}", "{ } {a} }} %} #}");
    assertRenders("a{", "a{");
  }
}
