package io.moesaic.router.jinja;

import static io.moesaic.router.jinja.Rendering.assertRenders;

import org.junit.jupiter.api.Test;

class TextMethodTest {
  @Test
  void strip() {
    assertRenders(
        "a|a | a|a|a|a",
        "{{ ' a '.strip() }}|{{ ' a '.lstrip() }}|{{ ' a '.rstrip() }}|{{ 'xyaxy'.strip('yx') }}|{{"
            + " '\\x1c\\u3000a'.strip() }}|{{ '\\n"
            + "\\n"
            + "a\\n"
            + "'.strip('\\n"
            + "') }}");
  }

  @Test
  void split() {
    assertRenders(
        "['a', 'b'] ['a', 'b', '', 'c'] ['a', 'b,c'] ['a', 'b,c'] [''] []",
        "{{ ' a  b '.split() }} {{ 'a,b,,c'.split(',') }} {{ 'a,b,c'.split(',', 1) }} {{"
            + " 'a,b,c'.split(',', maxsplit=1) }} {{ ''.split(',')"
            + " }} {{ ''.split() }}");
    assertRenders(
        "['a,b', 'c'] ['a,b,c'] ['a', 'b', 'c'] b a",
        "{{ 'a,b,c'.rsplit(',', 1) }} {{ 'a,b,c'.rsplit(',', 0) }} {{ 'a b c'.rsplit() }} {{"
            + " 'a</think>b'.split('</think>')[-1] }} {{ 'a.b'.split('.')[0] }}");
    assertRenders("['a', 'b', 'c']", "{{ 'a\\nb\\r\\nc\\n'.splitlines() }}");
  }

  @Test
  void search() {
    assertRenders(
        "TrueTrueTrueFalse",
        "{{ text.startswith('He') }}{{ text.startswith(('x', 'H')) }}{{ text.endswith('lo') }}{{"
            + " text.endswith('l') }}");
    assertRenders(
        "2 -1 2 4 6",
        "{{ text.find('l') }} {{ text.find('z') }} {{ text.count('l') }} {{ text.index('o') }} {{"
            + " text.count('') }}");
    assertRenders(
        "a-b- a-bX llo Hel Hello",
        "{{ 'aXbX'.replace('X', '-') }} {{ 'aXbX'.replace('X', '-', 1) }} {{"
            + " text.removeprefix('He') }} {{ text.removesuffix('lo') }} {{"
            + " text.removeprefix('x') }}");
  }

  @Test
  void casesAndKinds() {
    assertRenders(
        "It'S Ab cd STRASSE àb |",
        "{{ \"it's\".title() }} {{ 'aB cD'.capitalize() }} {{ 'straße'.upper() }} {{ 'ÀB'.lower()"
            + " }} {{ ''.capitalize() }}|");
    assertRenders("b, A, c a-b-c", "{{ ', '.join(words) }} {{ '-'.join('abc') }}");
  }

  @Test
  void methodsOfDictsAndLists() {
    assertRenders(
        "1 None 5 ['b', 'a'] ['two', 1] [('b', 'two'), ('a', 1)] 2",
        "{{ item.get('a') }} {{ item.get('x') }} {{ item.get('x', 5) }} {{ item.keys()|list }} {{"
            + " item.values()|list }} {{ item.items()|list }} {{ item.items()|length }}");
    assertRenders(
        "1 1 2 False False",
        "{{ numbers.index(1) }} {{ numbers.count(3) }} {{ (1, 1).count(1) }} {{ numbers.append is"
            + " defined }} {{ item.update is defined }}");
  }
}
