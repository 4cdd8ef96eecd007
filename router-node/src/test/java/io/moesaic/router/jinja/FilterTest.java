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
        "a-b-c a-b.c .a.b. 32",
        "{{ 'a.b.c'|replace('.', '-') }} {{ 'a.b.c'|replace('.', '-', 1) }} {{ 'ab'|replace('',"
            + " '.') }} {{ 12|replace(1, 3) }}");
    assertRenders(
        "a\n\n    b|  a\n  b|a\n> \n> b",
        "{{ 'a\\n"
            + "\\n"
            + "b'|indent }}|{{ 'a\\n"
            + "b'|indent(2, true) }}|{{ 'a\\n"
            + "\\n"
            + "b'|indent('> ', blank=true) }}");
    assertRenders(
        "&lt;a href=&#34;x&#34;&gt;&amp;&#39;&lt;/a&gt; 3 Hello [1]",
        "{{ '<a href=\"x\">&\\'</a>'|escape }} {{ 'a b, c'|wordcount }} {{ text|safe }} {{"
            + " [1]|string }}");
    assertRenders(
        "foo... foo ba... foo bar",
        "{{ 'foo bar baz qux'|truncate(9) }} {{ 'foo bar baz qux'|truncate(9, true) }} {{ 'foo"
            + " bar'|truncate(4) }}");
    assertRenders("a-2", "{{ '%s-%d'|format('a', 2) }}");
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
        "6 16 3 1 3 c",
        "{{ numbers|sum }} {{ numbers|sum(start=10) }} {{ pairs|sum(attribute='0') }} {{"
            + " numbers|min }} {{ numbers|max }} {{ words|max }}");
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
    assertRenders(
        "[('a', 1), ('b', 'two')] [('b', 'two'), ('a', 1)] [('y', 1), ('x', 2)]",
        "{{ item|dictsort }} {{ item|dictsort(reverse=true) }} {{ {'x': 2, 'y':"
            + " 1}|dictsort(by='value') }}");
    assertRenders(
        "assistant:1 user:2 assistant",
        "{% for role, group in messages|groupby('role') %}{{ role }}:{{ group|length }} {% endfor"
            + " %}{{ (messages|groupby('role'))[0].grouper }}");
  }

  @Test
  void thatChoose() {
    assertRenders(
        "[3, 1] [1] [1]",
        "{{ numbers|select('odd')|list }} {{ numbers|reject('gt', 1)|list }} {{ [0, 1,"
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
        "3 2.0 4.0 2.57 3.0 20",
        "{{ -3|abs }} {{ 2.5|round }} {{ 3.5|round }} {{ 2.567|round(2) }} {{ 2.1|round(0, 'ceil')"
            + " }} {{ 25|round(-1) }}");
    assertRenders(
        "12 12 0 -1 255 3 0 1",
        "{{ '12'|int }} {{ '12.7'|int }} {{ 'x'|int }} {{ 'x'|int(-1) }} {{ 'ff'|int(base=16) }} {{"
            + " 3.9|int }} {{ none|int }} {{ true|int }}");
    assertRenders(
        "1.5 0.0 1000.0 2.0", "{{ '1.5'|float }} {{ 'x'|float }} {{ '1e3'|float }} {{ 2|float }}");
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
