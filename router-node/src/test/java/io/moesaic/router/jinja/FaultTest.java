package io.moesaic.router.jinja;

import static io.moesaic.router.jinja.Rendering.assertFails;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class FaultTest {
  @Test
  void tellsTheLine() {
    assertLine(3, "a\n\n{{ missing.x }}\n");
    assertLine(2, "{# a #}\n{% if %}");
    assertLine(3, "{% set a %}\n\n{% endset %}{{ 'a' }}{{ @ }}");
    // of the macro, and after it again of the caller
    assertLine(2, "{% macro m() %}\n{{ missing.x }}\n{% endmacro %}\n{{ m() }}");
    assertLine(4, "{% macro m() %}\n{{ text }}\n{% endmacro %}\n{{ m() + 1 }}");
  }

  private static void assertLine(int line, String template) {
    var failure = assertThrows(JinjaException.class, () -> Rendering.of(template));
    assertEquals(line, failure.line(), failure.getMessage());
  }

  @Test
  void tellsWhatIsMissing() {
    assertFails("'missing' is not defined", "{{ missing.x }}");
    assertFails("'missing' is not defined", "{{ missing() }}");
    assertFails("'missing' is not defined", "{{ 'a' + missing }}");
    assertFails("'missing' is not defined", "{{ missing < 1 }}");
    assertFails("'missing' is not defined", "{{ missing[0] }}");
    assertFails("'missing' is not defined", "{{ {'a': [missing]}|tojson }}");
    assertFails("a value of type dict has no 'x'", "{{ item.x.y }}");
    assertFails("a value of type list has no '9'", "{{ numbers[9].y }}");
    assertFails("a value of type NoneType has no 'strip'", "{{ nothing.strip() }}");
    assertFails(
        "the macro 'm' was not given its 'a'", "{% macro m(a) %}{{ a.x }}{% endmacro %}{{ m() }}");
  }

  @Test
  void tellsOfTypesThatDoNotFit() {
    assertFails("values of types str and NoneType cannot be combined by +", "{{ text + nothing }}");
    assertFails("values of types str and int have no order", "{{ text < 1 }}");
    assertFails("a value of type int has no items to go through", "{% for x in 5 %}{% endfor %}");
    assertFails("a value of type NoneType has no length", "{{ nothing|length }}");
    assertFails("a text cannot contain a value of type int", "{{ 1 in text }}");
    assertFails("a key of a dict must be a text, not of type int", "{{ {1: 1} }}");
    assertFails("a value of type generator has no length", "{{ numbers|select|length }}");
    assertFails(
        "the argument 'sep' of split must be a text, not of type int", "{{ text.split(1) }}");
    assertFails(
        "there are more values than the 2 variables for them",
        "{% for a, b in [[1, 2, 3]] %}{% endfor %}");
    assertFails("division by zero", "{{ 1 // 0 }}");
    assertFails(
        "9223372036854775807 + 1 does not fit into 64 bits", "{{ 9223372036854775807 + 1 }}");
  }

  @Test
  void tellsOfCallsThatDoNotFit() {
    assertFails("there is no filter 'uper'", "{{ text|uper }}");
    assertFails("there is no test 'strng'", "{{ text is strng }}");
    assertFails("replace needs its argument 'new'", "{{ text|replace('a') }}");
    assertFails("tojson takes no argument 'ident'", "{{ item|tojson(ident=2) }}");
    assertFails(
        "the macro 'm' takes no argument 'b'", "{% macro m(a) %}{% endmacro %}{{ m(b=1) }}");
    assertFails(
        "the macro 'm' takes at most 0 arguments", "{% macro m() %}{% endmacro %}{{ m(1) }}");
    assertFails("a value of type str cannot be called", "{{ text() }}");
  }

  /// Rather than to write what Python does not.
  @Test
  void tellsOfWhatIsLeftOut() {
    assertFails("there is no filter 'groupby'", "{{ messages|groupby('role') }}");
    assertFails("there is no test 'odd'", "{{ 1 is odd }}");
    assertFails("a value of type str has no 'partition'", "{{ text.partition('l') }}");
    assertFails("values of types str and int cannot be combined by %", "{{ '%d' % 1 }}");
    assertFails("expected an expression, found '*'", "{{ 2 ** 3 }}");
    assertFails("expected an expression, found '*'", "{{ range(*numbers) }}");
    assertFails("the block 'call' is not supported", "{% call m() %}{% endcall %}");
    assertFails("'varargs' in macros is not supported", "{{ varargs }}");
    assertFails(
        "loop.cycle is not supported", "{% for n in numbers %}{{ loop.cycle(1) }}{% endfor %}");
    assertFails("the block 'raw' is not supported", "{% raw %}{% endraw %}");
    assertFails("recursive loops are not supported; use a macro", "{% for a in b recursive %}");
    assertFails("expected '}}', found 'x1f'", "{{ 0x1f }}");
    assertFails("the escape '\\N' in a string is not supported; use '\\u'", "{{ '\\N{DASH}' }}");
    assertFails("a value of type range has no text; '| list' may help", "{{ range(3) }}");
    assertFails("strftime_now does not know the code '%Q'", "{{ strftime_now('%Q') }}");
    assertFails("int cannot tell whether '1_000' is a number", "{{ '1_000'|int }}");
    assertFails("split with a limit needs a separator", "{{ text.split(none, 1) }}");
  }

  @Test
  void changesNothingThatItWasGiven() {
    assertFails("the method append() of a list is not supported", "{{ numbers.append(1) }}");
    assertFails("the method update() of a dict is not supported", "{{ item.update({}) }}");
    assertFails("'item' is no namespace, so that 'a' of it cannot be set", "{% set item.a = 1 %}");
  }

  @Test
  void readsNoFilesAndSeesNoInsides() {
    assertFails("the block 'include' is not supported", "{% include '/etc/passwd' %}");
    assertFails("the block 'import' is not supported", "{% import 'a' as b %}");
    assertFails("the block 'extends' is not supported", "{% extends 'a' %}");
    assertFails("the block 'block' is not supported", "{% block a %}{% endblock %}");
    assertFails("a value of type str has no '__class__'", "{{ text.__class__.__mro__ }}");
    assertFails("a value of type function has no '__globals__'", "{{ range['__globals__'].x }}");
    assertFails("a value of type list has no 'getClass'", "{{ messages.getClass() }}");
  }

  @Test
  void tellsWhatIsWrittenWrongly() {
    assertFails("expected an expression, found '%}'", "{% if %}{% endif %}");
    assertFails("expected '%}', found 'b'", "{% if a b %}{% endif %}");
    assertFails("expected '}}', found 'b'", "{{ a b }}");
    assertFails("a block is not closed by '{% endfor %}'", "{% for a in b %}{% if c %}{% endif %}");
    assertFails("the block 'endif' is not supported", "{% endif %}");
    assertFails("a tag is not closed by '}}'", "{{ a");
    assertFails("a tag is not closed by '}}'", "{{ (a }} {{ b }}");
    assertFails("expected '}}', found ']'", "{{ a] }}");
    assertFails("a comment is not closed by '#}'", "{# a");
    assertFails("a string is not closed by '", "{{ 'a }}");
    assertFails("there is no use for the character '@' here", "{{ @ }}");
    assertFails("'break' stands outside of any loop", "{% break %}");
    assertFails(
        "'continue' stands outside of any loop",
        "{% for a in b %}{% macro m() %}{% continue %}{% endmacro %}{% endfor %}");
    assertFails("'true' is a constant and no variable", "{% set true = 1 %}");
    assertFails(
        "a test cannot follow another; put the first in brackets", "{{ a is none is true }}");
    assertFails(
        "the parameter 'b' needs a default, as the one before has",
        "{% macro m(a=1, b) %}{% endmacro %}");
  }

  @Test
  void knowsARefusalFromAFault() {
    var refusal =
        assertThrows(JinjaException.class, () -> Rendering.of("{{ raise_exception('no ' ~ 1) }}"));
    assertTrue(refusal.refusal());
    assertEquals("no 1", refusal.getMessage());

    var fault = assertThrows(JinjaException.class, () -> Rendering.of("{{ raise_exception() }}"));
    assertFalse(fault.refusal());
  }
}
