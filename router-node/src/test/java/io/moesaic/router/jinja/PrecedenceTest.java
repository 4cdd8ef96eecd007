package io.moesaic.router.jinja;

import static io.moesaic.router.jinja.Rendering.assertRenders;

import org.junit.jupiter.api.Test;

/// What belongs to what in an expression.
class PrecedenceTest {
  @Test
  void notIsLooserThanTestsAndComparisons() {
    assertRenders("True", "{{ not x is defined }}");
    assertRenders("True", "{{ not 1 == 2 }}");
    assertRenders("False", "{{ not 1 in numbers }}");
    assertRenders("False", "{{ not text is string and true }}");
    assertRenders("True", "{{ not not text }}");
  }

  @Test
  void andIsCloserThanOr() {
    assertRenders("True", "{{ true or false and false }}");
    assertRenders("2", "{{ 1 and 2 or 3 }}");
    assertRenders("None", "{{ 0 or '' or nothing }}");
    assertRenders("Hello", "{{ '' or text }}");
  }

  @Test
  void comparisonsMakeChains() {
    assertRenders("TrueFalse", "{{ 1 < 2 < 3 }}{{ 1 < 3 < 2 }}");
    assertRenders("True", "{{ 3 > 1 == true }}");
    assertRenders("False", "{{ 1 in numbers == true }}");
    assertRenders("True", "{{ 1 == 1.0 == true }}");
  }

  @Test
  void joiningIsCloserThanSumsAndLooserThanProducts() {
    assertRenders("12", "{{ 1 ~ 2 + 3|string if false else 1 ~ 2 }}");
    assertRenders("64", "{{ 2 * 3 ~ 4 }}");
    assertRenders("a1NoneTrue1.5", "{{ 'a' ~ 1 ~ nothing ~ true ~ 1.5 ~ missing }}");
    assertRenders("abc", "{{ 'a' + 'b' ~ 'c' }}");
  }

  @Test
  void filtersBindToTheNearestOperand() {
    assertRenders("aB", "{{ 'a' + 'b'|upper }}");
    assertRenders("AB", "{{ ('a' + 'b')|upper }}");
    assertRenders("-5a", "{{ -5|string ~ 'a' }}");
    assertRenders("a3", "{{ 'a' ~ numbers|length }}");
    assertRenders("3", "{{ [1, 2]|length + 1 }}");
  }

  @Test
  void filtersAndTestsFollowEachOther() {
    assertRenders("True", "{{ text|upper|lower is string }}");
    assertRenders("True", "{{ numbers|first is number }}");
    assertRenders("True", "{{ 3 is number|string }}");
    assertRenders("TrueTrue", "{{ 4 is eq 4 }}{{ 4 is not eq(3) }}");
    assertRenders("True", "{{ 1 is eq 1 and 2 is ne 1 }}");
  }

  @Test
  void conditionsComeLast() {
    assertRenders("c", "{{ 'a' if 1 > 2 else 'b' if 2 > 3 else 'c' }}");
    assertRenders("|", "{{ 'a' if false }}|");
    assertRenders("False", "{{ ('a' if false) is defined }}");
    assertRenders("xa", "{{ 'x' ~ ('a' if nothing is none else 'b') }}");
  }

  @Test
  void arithmeticIsPythons() {
    assertRenders(
        "3 -4 1 2 3.5 2.0",
        "{{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 4 / 2 }}");
    assertRenders(
        "3.0 0.5 3.0 0.30000000000000004",
        "{{ 7.5 // 2 }} {{ -7.5 % 2 }} {{ 1 + 2.0 }} {{ 0.1 + 0.2 }}");
    assertRenders(
        "2 abab [1, 1] [1, 2] (1, 2)",
        "{{ true + true }} {{ 'ab' * 2 }} {{ 2 * [1] }} {{ [1] + [2] }} {{ (1,) + (2,) }}");
  }

  @Test
  void literalsAreReadAsPythonDoes() {
    assertRenders(
        "1000 0 1500.0 2e-07 1e+16 123456789.0",
        "{{ 1000 }} {{ 0 }} {{ 1.5e3 }} {{ 2e-7 }} {{ 1e16 }} {{ 123456789.0 }}");
    assertRenders("abc", "{{ 'a' 'b' \"c\" }}");
    assertRenders("a\n\tAé'\\ \\d", "{{ 'a\\n\\t\\x41\\u00e9\\'\\\\ \\d' }}");
    assertRenders("1 (1,) () (1, 2)", "{{ (1) }} {{ (1,) }} {{ () }} {{ 1, 2 }}");
    assertRenders("[1, 2] {'a': 1}", "{{ [1, 2,] }} {{ {'a': 1,} }}");
    assertRenders("True True None None", "{{ true }} {{ True }} {{ none }} {{ None }}");
  }
}
