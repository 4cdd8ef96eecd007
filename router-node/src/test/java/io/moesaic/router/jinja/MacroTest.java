package io.moesaic.router.jinja;

import static io.moesaic.router.jinja.Rendering.assertRenders;

import org.junit.jupiter.api.Test;

class MacroTest {
  @Test
  void argumentsComeByPlaceOrByName() {
    assertRenders(
        "122 133 455 129 22 ",
        "{% macro m(a, b=2, c=b) %}{{ a }}{{ b }}{{ c }} {% endmacro %}{{ m(1) }}{{ m(1, 3) }}{{"
            + " m(b=5, a=4) }}{{ m(1, c=9) }}{{ m() }}");
    assertRenders(
        "FalseTrue", "{% macro m(a) %}{{ a is defined }}{% endmacro %}{{ m() }}{{ m(none) }}");
    assertRenders(
        "1213",
        "{% macro m(a, b) %}{{ a }}{{ b }}{% endmacro %}{{ m(*[1, 2]) }}{{ m(1, **{'b': 3}) }}");
  }

  @Test
  void aMacroTakesTheRestIfItAsksForIt() {
    assertRenders(
        "(2, 3){'x': 4}(){}",
        "{% macro m(a) %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, 3, x=4) }}{{ m() }}");
  }

  @Test
  void aMacroSeesWhereItStands() {
    assertRenders(
        "22",
        "{% set x = 1 %}{% macro m() %}{{ x }}{% endmacro %}{% set x = 2 %}{{ m() }}{% for x in [3]"
            + " %}{{ m() }}{% endfor %}");
    assertRenders(
        "HelloxHello",
        "{% macro m() %}{{ text }}{% set text = 'x' %}{{ text }}{% endmacro %}{{ m() }}{{ text }}");
  }

  @Test
  void aMacroGivesAText() {
    assertRenders(
        "[a] a bTruem",
        "{% macro m() %} a {% endmacro %}[{{ m()|trim }}]{{ m() ~ 'b' }}{{ m() is string }}{{"
            + " m.name }}");
  }

  @Test
  void macrosCallThemselves() {
    assertRenders(
        "3 2 1 0",
        "{% macro count(n) %}{{ n }}{% if n > 0 %} {{ count(n - 1) }}{% endif %}{% endmacro %}{{"
            + " count(3) }}");
  }

  @Test
  void aCallBlockIsTheCaller() {
    assertRenders(
        "<b>Hello</b>",
        "{% macro m(a) %}<{{ a }}>{{ caller() }}</{{ a }}>{% endmacro %}{% call m('b') %}{{ text"
            + " }}{% endcall %}");
    assertRenders(
        "3True 1False 2False ",
        "{% macro m() %}{% for n in numbers %}{{ caller(n, loop.first) }}{% endfor %}{% endmacro"
            + " %}{% call(n, first=false) m() %}{{ n }}{{ first }} {% endcall %}");
    assertRenders(
        "FalseTrue",
        "{% macro m() %}{{ caller is defined }}{% endmacro %}{{ m() }}{% call m() %}{% endcall %}");
  }
}
