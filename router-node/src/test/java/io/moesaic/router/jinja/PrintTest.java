package io.moesaic.router.jinja;

import static io.moesaic.router.jinja.Rendering.assertRenders;

import org.junit.jupiter.api.Test;

/// Values as Python prints them.
class PrintTest {
  @Test
  void plainValues() {
    assertRenders(
        "None True 1 1.0 1e+16 1e-05 0.0001 -0.0 1.5e+300 |",
        "{{ none }} {{ true }} {{ 1 }} {{ 1.0 }} {{ 1e16 }} {{ 1e-5 }} {{ 0.0001 }} {{ -1.0 * 0 }}"
            + " {{ 1.5e300 }} {{ missing }}|");
  }

  @Test
  void textsInListsHaveQuotes() {
    assertRenders(
        "['a', \"it's\", 'say \"x\"', '\\'\"', 'a\\nb\\t\\\\']",
        "{{ ['a', \"it's\", 'say \"x\"', '\\'\"', 'a\\nb\\t\\\\'] }}");
    assertRenders("['é😀', '\\u200b\\x07\\u3000']", "{{ ['é😀', '\\u200b\\x07\\u3000'] }}");
    assertRenders(
        "[[1, (2,)], {'a': None, 'b': [True]}, ()]",
        "{{ [[1, (2,)], {'a': none, 'b': [true]}, ()] }}");
    assertRenders(
        "{'b': 'two', 'a': 1} dict_keys(['b', 'a']) dict_values(['two', 1]) dict_items([('b',"
            + " 'two'), ('a', 1)])",
        "{{ item }} {{ item.keys() }} {{ item.values() }} {{ item.items() }}");
  }

  @Test
  void jsonIsLaidOutAsPythonDoes() {
    assertRenders(
        "{\"b\": \"two\", \"a\": 1} [3, 1, 2] \"é<\\\"\\n"
            + "\\u0001/\" [null, true, 1.0, 1e+20] [1, 2]",
        "{{ item|tojson }} {{ numbers|tojson }} {{ 'é<\"\\n"
            + "\\x01/'|tojson }} {{ [none, true, 1.0, 1e20]|tojson }} {{ (1, 2)|tojson }}");
    assertRenders(
        "{\n  \"a\": [\n    1,\n    {\n      \"b\": []\n    }\n  ],\n  \"c\": {}\n}",
        "{{ {'a': [1, {'b': []}], 'c': {}}|tojson(indent=2) }}");
    assertRenders(
        "{\"a\": 1, \"b\": \"two\"} {\"b\":\"two\",\"a\":1} \"\\u00e9\\ud83d\\ude00\"",
        "{{ item|tojson(sort_keys=true) }} {{ item|tojson(separators=(',', ':')) }} {{"
            + " 'é😀'|tojson(ensure_ascii=true) }}");
    assertRenders("[] {}", "{{ []|tojson(indent=4) }} {{ {}|tojson(indent=4) }}");
  }

  @Test
  void timesAreWrittenByTheirCodes() {
    assertRenders(
        "2026-11-02 15:04:05|02 Nov 2026|Monday, November  2, 26|Mon 2 3:04 PM 306|100%"
            + " 2026-11-02 15:04:05",
        "{{ strftime_now('%Y-%m-%d %H:%M:%S') }}|{{ strftime_now('%d %b %Y') }}|{{"
            + " strftime_now('%A, %B %e, %y') }}|{{ strftime_now('%a %-d %-I:%M %p %j') }}|{{"
            + " strftime_now('100%% %F %T') }}");
  }
}
