package io.moesaic.router.jinja;

import static io.moesaic.router.jinja.Rendering.assertRenders;

import org.junit.jupiter.api.Test;

class LoopTest {
  @Test
  void aLoopKnowsWhereItIs() {
    assertRenders(
        "1032TrueFalse3 2121FalseFalse3 3210FalseTrue3 ",
        "{% for n in numbers %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{"
            + " loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }} {% endfor %}");
    assertRenders(
        "<3>1 3<1>2 1<2> ",
        "{% for n in numbers %}{{ loop.previtem }}<{{ n }}>{{ loop.nextitem }} {% endfor %}");
  }

  @Test
  void itemsAreUnpacked() {
    assertRenders("b=two a=1 ", "{% for k, v in item.items() %}{{ k }}={{ v }} {% endfor %}");
    assertRenders("b=two a=1 ", "{% for k, v in item|items %}{{ k }}={{ v }} {% endfor %}");
    assertRenders("123", "{% for a, (b, c) in [[1, [2, 3]]] %}{{ a }}{{ b }}{{ c }}{% endfor %}");
    assertRenders("1x 2y ", "{% for n, w in pairs %}{{ n }}{{ w }} {% endfor %}");
    assertRenders("b a ", "{% for key in item %}{{ key }} {% endfor %}");
    assertRenders("a 😀 é ", "{% for c in emoji %}{{ c }} {% endfor %}");
  }

  @Test
  void aConditionChoosesItems() {
    assertRenders(
        "312False 222True ",
        "{% for n in numbers if n > 1 %}{{ n }}{{ loop.index }}{{ loop.length }}{{ loop.last }} {%"
            + " endfor %}");
    assertRenders(
        "True False ", "{% for m in messages if m.role == 'user' %}{{ loop.first }} {% endfor %}");
  }

  @Test
  void aConditionIsAskedWhenTheItemIsDue() {
    assertRenders(
        "12",
        "{% set ns = namespace(sum=0) %}{% for n in [1, 2, 3] if ns.sum < 3 %}{% set ns.sum ="
            + " ns.sum + n %}{{ n }}{% endfor %}");
  }

  @Test
  void elseIsForLoopsWhoseBodyNeverEnds() {
    assertRenders("none", "{% for n in empty %}a{% else %}none{% endfor %}");
    assertRenders("aaa", "{% for n in numbers %}a{% else %}none{% endfor %}");
    assertRenders("none", "{% for n in numbers if n > 9 %}a{% else %}none{% endfor %}");
    assertRenders("none", "{% for n in missing %}a{% else %}none{% endfor %}");
    assertRenders("none", "{% for n in numbers %}{% break %}{% else %}none{% endfor %}");
  }

  @Test
  void breakAndContinue() {
    assertRenders(
        "32", "{% for n in numbers %}{% if n == 1 %}{% continue %}{% endif %}{{ n }}{% endfor %}");
    assertRenders(
        "3", "{% for n in numbers %}{% if n == 1 %}{% break %}{% endif %}{{ n }}{% endfor %}");
    assertRenders(
        "3b1b2b",
        "{% for n in numbers %}{% for w in words %}{% if w == 'A' %}{% break %}{% endif %}{{ n }}{{"
            + " w }}{% endfor %}{% endfor %}");
  }

  @Test
  void conditionsHaveBranches() {
    assertRenders("c", "{% if false %}a{% elif nothing %}b{% elif text %}c{% else %}d{% endif %}");
    assertRenders(
        "bc",
        "{% if missing %}a{% else %}b{% endif %}{% if empty %}a{% endif %}{% if 0.0 %}a{% endif"
            + " %}{% if [0] %}c{% endif %}");
  }
}
