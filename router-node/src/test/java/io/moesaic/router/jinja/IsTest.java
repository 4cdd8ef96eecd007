package io.moesaic.router.jinja;

import static io.moesaic.router.jinja.Rendering.assertRenders;

import org.junit.jupiter.api.Test;

/// What stands after `is`.
class IsTest {
  @Test
  void tellsTypes() {
    assertRenders(
        "TrueFalseTrueTrueTrueFalseTrue",
        "{{ text is string }}{{ 1 is string }}{{ 1 is number }}{{ true is number }}{{ 1 is integer"
            + " }}{{ true is integer }}{{ 1.0 is float }}");
    assertRenders(
        "TrueFalseTrueTrueTrueFalse",
        "{{ item is mapping }}{{ numbers is mapping }}{{ numbers is sequence }}{{ text is sequence"
            + " }}{{ item is sequence }}{{ 1 is sequence }}");
    assertRenders(
        "TrueTrueFalseFalseTrueTrue",
        "{{ numbers is iterable }}{{ text is iterable }}{{ 1 is iterable }}{{ none is iterable }}{{"
            + " missing is iterable }}{{ item.items() is iterable }}");
    assertRenders(
        "TrueFalseTrueFalseTrueTrueFalse",
        "{{ true is boolean }}{{ 1 is boolean }}{{ true is true }}{{ 1 is true }}{{ false is false"
            + " }}{{ none is none }}{{ missing is none }}");
  }

  @Test
  void tellsWhatIsThere() {
    assertRenders(
        "FalseTrueTrueFalseTrueTrue",
        "{{ missing is defined }}{{ missing is undefined }}{{ text is defined }}{{ item.x is"
            + " defined }}{{ item.a is defined }}{{ none is defined }}");
    assertRenders(
        "TrueTrueTrue",
        "{{ missing is not defined }}{{ not missing is defined }}{{ not (missing is defined) }}");
  }

  @Test
  void compares() {
    assertRenders(
        "TrueFalseTrueTrueTrue",
        "{{ 1 is eq(1) }}{{ 1 is equalto(2) }}{{ 1 is ne(2) }}{{ 1 is in(numbers) }}{{ 'a' is in"
            + " item }}");
  }

  @Test
  void membership() {
    assertRenders(
        "TrueTrueTrueTrueFalseTrueTrueTrue",
        "{{ 1 in numbers }}{{ 'ell' in text }}{{ 'a' in item }}{{ 1 in item.values() }}{{ 1 in"
            + " missing }}{{ 9 not in numbers }}{{ true in numbers }}{{ '' in '' }}");
  }

  @Test
  void equalityIsPythons() {
    assertRenders(
        "TrueTrueFalseTrueTrueFalseFalse",
        "{{ 1 == 1.0 }}{{ 1 == true }}{{ [1] == (1,) }}{{ {'a': 1, 'b': 2} == {'b': 2.0, 'a': true}"
            + " }}{{ missing == other }}{{ none == missing }}{{ '1' == 1 }}");
    assertRenders("TrueTrueTrue", "{{ 'Z' < 'a' }}{{ true < 2 }}{{ 'a' <= 'a' }}");
  }
}
