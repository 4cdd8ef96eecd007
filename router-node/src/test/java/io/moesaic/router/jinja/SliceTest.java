package io.moesaic.router.jinja;

import static io.moesaic.router.jinja.Rendering.assertRenders;

import org.junit.jupiter.api.Test;

class SliceTest {
  @Test
  void slicesOfLists() {
    assertRenders(
        "[1, 2] [3] [3, 1] [1, 2] [3, 1, 2]",
        "{{ numbers[1:] }} {{ numbers[:1] }} {{ numbers[:-1] }} {{ numbers[-2:] }} {{ numbers[:]"
            + " }}");
    assertRenders(
        "[2, 1, 3] [3, 2] [2, 1] [] [3, 1]",
        "{{ numbers[::-1] }} {{ numbers[::2] }} {{ numbers[2:0:-1] }} {{ numbers[5:] }} {{"
            + " numbers[-9:2] }}");
    assertRenders(
        "(2, 3) [2, 5] [3]",
        "{{ (1, 2, 3)[1:] }} {{ range(10)[2:8:3]|list }} {{ numbers[none:1] }}");
    assertRenders("user assistant user ", "{% for m in messages[::-1] %}{{ m.role }} {% endfor %}");
  }

  @Test
  void slicesOfTextsCountCharacters() {
    assertRenders(
        "el olleH o |", "{{ text[1:3] }} {{ text[::-1] }} {{ text[-1] }} {{ text[10:] }}|");
    assertRenders(
        "3 😀 😀é é😀a 😀é 2",
        "{{ emoji|length }} {{ emoji[1] }} {{ emoji[1:] }} {{ emoji[::-1] }} {{ emoji[-2:] }} {{"
            + " emoji.find('é') }}");
  }

  @Test
  void placesThatAreNotThereAreUndefined() {
    assertRenders(
        "False False False 2 1 False",
        "{{ numbers[3] is defined }} {{ numbers[-4] is defined }} {{ text[9] is defined }} {{"
            + " numbers[2] }} {{ numbers[true] }} {{ numbers['a'] is defined }}");
    assertRenders("3 y", "{{ numbers.0 }} {{ pairs.1.1 }}");
  }

  @Test
  void dotsAndBracketsFallBackToEachOther() {
    assertRenders(
        "1 1 False False",
        "{{ item.a }} {{ item['a'] }} {{ item.c is defined }} {{ item['c'] is defined }}");
    assertRenders(
        "dict_items([('b', 'two'), ('a', 1)]) True  Hi\n",
        "{{ item.items() }} {{ item['keys'] is defined }} {{ messages[0].content }}");
    assertRenders("True 1", "{{ {'items': 1}.items() is iterable }} {{ {'items': 1}['items'] }}");
    assertRenders("False False", "{{ nothing.a is defined }} {{ 5['a'] is defined }}");
  }
}
