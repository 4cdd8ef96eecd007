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
        "[a] a bTrue",
        "{% macro m() %} a {% endmacro %}[{{ m()|trim }}]{{ m() ~ 'b' }}{{ m() is string }}");
  }

  @Test
  void macrosCallThemselves() {
    assertRenders(
        "3 2 1 0",
        "{% macro count(n) %}{{ n }}{% if n > 0 %} {{ count(n - 1) }}{% endif %}{% endmacro %}{{"
            + " count(3) }}");
  }
}
