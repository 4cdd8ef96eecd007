package io.moesaic.router.jinja;

import static io.moesaic.router.jinja.Rendering.assertRenders;

import org.junit.jupiter.api.Test;

class FilterTest {
  @Test
  void ofTexts() {
    assertRenders(
        "a|a|AB C|ab c|Ab c|It's A-B (C)",
        "{{ ' a '|trim }}|{{ 'xax'|trim('x') }}|{{ 'aB c'|upper }}|{{ 'aB C'|lower }}|{{ 'aB"
            + " c'|capitalize }}|{{ \"it's a-b (c)\"|title }}");
    assertRenders(
        "a-b-c a-b.c 32",
        "{{ 'a.b.c'|replace('.', '-') }} {{ 'a.b.c'|replace('.', '-', 1) }} {{ 12|replace(1, 3)"
            + " }}");
    assertRenders(
        "a\n\n    b|  a\n  b|a\n> \n> b",
        "{{ 'a\\n"
            + "\\n"
            + "b'|indent }}|{{ 'a\\n"
            + "b'|indent(2, true) }}|{{ 'a\\n"
            + "\\n"
            + "b'|indent('> ', blank=true) }}");
    assertRenders("Hello [1]", "{{ text|safe }} {{ [1]|string }}");
  }

  @Test
  void ofLists() {
    assertRenders(
        "3 2 False 3 2 0",
        "{{ numbers|first }} {{ numbers|last }} {{ empty|first is defined }} {{ numbers|length }}"
            + " {{ item|count }} {{ missing|length }}");
    assertRenders(
        "3, 1, 2 312 user/assistant/user ba",
        "{{ numbers|join(', ') }} {{ numbers|join }} {{ messages|join('/', attribute='role') }} {{"
            + " item|join }}");
    assertRenders(
        "[2, 1, 3] olleH ['H', 'e', 'l', 'l', 'o'] ['b', 'a']",
        "{{ numbers|reverse|list }} {{ text|reverse }} {{ text|list }} {{ item|list }}");
    assertRenders(
        "[1, 2] ['a'] ['a', 'A']",
        "{{ [1, 1.0, true, 2]|unique|list }} {{ ['a', 'A']|unique|list }} {{ ['a',"
            + " 'A']|unique(true)|list }}");
  }

  @Test
  void thatSort() {
    assertRenders(
        "[1, 2, 3] [3, 2, 1] ['A', 'b', 'c'] ['A', 'b', 'c']",
        "{{ numbers|sort }} {{ numbers|sort(reverse=true) }} {{ words|sort }} {{"
            + " words|sort(case_sensitive=true) }}");
    assertRenders(
        "assistant,user,user [[2, 'y'], [1, 'x']]",
        "{{ messages|sort(attribute='role')|map(attribute='role')|join(',') }} {{"
            + " pairs|sort(attribute='1', reverse=true) }}");
  }

  @Test
  void thatChoose() {
    assertRenders(
        "[1] [3, 2] [1]",
        "{{ numbers|select('eq', 1)|list }} {{ numbers|reject('in', [1])|list }} {{ [0, 1,"
            + " '']|select|list }}");
    assertRenders(
        "[' Hi\\n', '<b>']",
        "{{ messages|selectattr('role', 'equalto', 'user')|map(attribute='content')|list }}");
    assertRenders(
        "1 [{'a': 1}] [{'a': 1}]",
        "{{ messages|rejectattr('role', 'in', ['user'])|list|length }} {{ [{'a': 1},"
            + " {}]|selectattr('a', 'defined')|list }} {{ [{'a': 0}, {'a': 1}]|selectattr('a')|list"
            + " }}");
    assertRenders(
        "BAC ['-', 1] ['Hi', 'Yes?', '<b>'] ['a+b']",
        "{{ words|map('upper')|join }} {{ [{}, {'a': 1}]|map(attribute='a', default='-')|list }} {{"
            + " messages|map(attribute='content')|map('trim')|list }} {{ ['a-b']|map('replace',"
            + " '-', '+')|list }}");
  }

  @Test
  void thatCanBeReadOnceOnly() {
    assertRenders(
        "20",
        "{% set users = messages|selectattr('role', 'eq', 'user') %}{{ users|list|length }}{{"
            + " users|list|length }}");
    assertRenders("always", "{% if empty|select %}always{% endif %}");
  }

  @Test
  void ofNumbers() {
    assertRenders(
        "12 12 0 -1 3 0 1",
        "{{ '12'|int }} {{ '12.7'|int }} {{ 'x'|int }} {{ 'x'|int(-1) }} {{ 3.9|int }} {{"
            + " none|int }} {{ true|int }}");
  }

  @Test
  void defaults() {
    assertRenders(
        "a |a a |",
        "{{ missing|default('a') }} {{ ''|default('a') }}|{{ ''|default('a', true) }} {{"
            + " none|d('a', boolean=true) }} {{ missing|default }}|");
    assertRenders("1", "{{ item.x|default(item.a) }}");
  }
}
