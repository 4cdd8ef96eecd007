package io.moesaic.router.jinja;

import static io.moesaic.router.jinja.Rendering.assertRenders;

import org.junit.jupiter.api.Test;

class ScopeTest {
  @Test
  void whatALoopSetsStaysInIt() {
    assertRenders(
        "4 2 3 1",
        "{% set x = 1 %}{% for n in numbers %}{% set x = x + n %}{{ x }} {% endfor %}{{ x }}");
    assertRenders(
        "FalseFalseFalse",
        "{% for n in numbers %}{% set y = n %}{% endfor %}{{ y is defined }}{{ n is defined }}{{"
            + " loop is defined }}");
  }

  @Test
  void aConditionHasNoScope() {
    assertRenders("1", "{% if true %}{% set x = 1 %}{% endif %}{{ x }}");
  }

  @Test
  void namespacesCarryValuesOut() {
    assertRenders(
        "6TrueFalse6",
        "{% set ns = namespace(found=false, count=0) %}{% for n in numbers %}{% set ns.count ="
            + " ns.count + n %}{% if n == 1 %}{% set ns.found = true %}{% endif %}{% endfor %}{{"
            + " ns.count }}{{ ns.found }}{{ ns.other is defined }}{{ ns['count'] }}");
    assertRenders("12", "{% set ns = namespace({'a': 1}, b=2) %}{{ ns.a }}{{ ns.b }}");
  }

  @Test
  void assignmentsUnpack() {
    assertRenders("12", "{% set a, b = 1, 2 %}{{ a }}{{ b }}");
    assertRenders("1x", "{% set (a, b) = pairs[0] %}{{ a }}{{ b }}");
    assertRenders("(1, 2)", "{% set a = 1, 2 %}{{ a }}");
    assertRenders("12", "{% set ns = namespace() %}{% set ns.a, b = 1, 2 %}{{ ns.a }}{{ b }}");
  }

  @Test
  void aBlockIsSetToItsText() {
    assertRenders("[a Hello\n]", "{% set x %}\na {{ text }}\n{% endset %}[{{ x }}]");
    assertRenders("[A]", "{% set x | trim | upper %} a {% endset %}[{{ x }}]");
    assertRenders(
        "1False", "{% set x %}{% set y = 1 %}{{ y }}{% endset %}{{ x }}{{ y is defined }}");
  }

  @Test
  void withHasVariablesOfItsOwn() {
    assertRenders(
        "12False", "{% with a = 1, b = 2 %}{{ a }}{{ b }}{% endwith %}{{ a is defined }}");
    assertRenders("15", "{% set a = 5 %}{% with a = 1, b = a %}{{ a }}{{ b }}{% endwith %}");
    assertRenders("1False", "{% with %}{% set a = 1 %}{{ a }}{% endwith %}{{ a is defined }}");
  }

  @Test
  void filterBlocksAndGenerationBlocks() {
    assertRenders("A HELLO", "{% filter upper %}a {{ text }}{% endfilter %}");
    assertRenders("BB", "{% filter replace('a', 'b') | upper %}aa{% endfilter %}");
    assertRenders("xa Helloy", "x{% generation %}a {{ text }}{% endgeneration %}y");
  }

  @Test
  void variablesHideFunctions() {
    assertRenders("5", "{% set range = 5 %}{{ range }}");
    assertRenders(
        "{'a': 1, 'b': [2]}{'x': 1, 'y': 2}[0, 1, 2][1, 2, 3][5, 3, 1]",
        "{{ dict(a=1, b=[2]) }}{{ dict({'x': 1}, y=2) }}{{ range(3)|list }}{{ range(1, 4)|list"
            + " }}{{ range(5, 0, -2)|list }}");
  }
}
