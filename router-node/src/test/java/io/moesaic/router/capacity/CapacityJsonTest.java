package io.moesaic.router.capacity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.router.capacity.CapacityPolicy.Overflow;
import io.moesaic.router.capacity.CapacityPolicy.Per;
import io.moesaic.router.capacity.CapacityPolicy.Priority;
import io.moesaic.router.capacity.CapacityPolicy.Renormalize;
import io.moesaic.router.capacity.CapacityPolicy.Scope;
import io.moesaic.router.capacity.CapacityRule.Formula;
import io.moesaic.router.capacity.CapacityRule.Rounding;
import io.moesaic.router.json.FieldException;
import java.util.Collections;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CapacityJsonTest {
  private static CapacityPolicy parse(String json) {
    return CapacityJson.parse(json.replace('\'', '"'));
  }

  @Test
  void absentFieldsHaveTheirDefaults() {
    assertEquals(
        new CapacityPolicy(
            CapacityRule.of(Formula.MEGATRON, 1.25),
            Collections.emptySortedMap(),
            Scope.SEQUENCE,
            Per.EXPERT,
            Priority.PROBABILITY,
            Overflow.DROP,
            Renormalize.NEVER,
            0),
        parse("{'factor': 1.25}"));
  }

  @Test
  void aRuleBringsItsOwnMinimumAndMultiple() {
    assertEquals(CapacityRule.of(Formula.MESH, 2), parse("{'rule': 'mesh', 'factor': 2}").rule());
    assertEquals(4, parse("{'rule': 'vmoe', 'factor': 2}").rule().multipleOf());
    var changed = parse("{'rule': 'vmoe', 'factor': 2, 'minimum': 0, 'multiple_of': 1}");
    assertEquals(new CapacityRule(Formula.VMOE, 2, Rounding.CEIL, 0, 1, true), changed.rule());
  }

  @Test
  void onlyTheRulesThatKnowThemTakeFactorsOfZeroAndLess() {
    assertEquals(-1.5, parse("{'rule': 'tutel', 'factor': -1.5}").rule().cf());
    assertEquals(0, parse("{'rule': 'megablocks', 'factor': 0}").rule().cf());
  }

  @Test
  void layersMayHaveFactorsOfTheirOwn() {
    var policy = parse("{'factor': 1, 'layers': {'0': 4, '11': 0.5}}");
    assertEquals(4, policy.rule(0).cf());
    assertEquals(1, policy.rule(1).cf());
    assertEquals(0.5, policy.rule(11).cf());
  }

  @Test
  void whatIsWrittenReadsBack() {
    var layers = new TreeMap<Integer, Double>();
    layers.put(3, 1.5);
    layers.put(0, 0.25);
    for (var formula : Formula.values()) {
      boolean fixed = formula == Formula.FIXED;
      var rule = fixed ? CapacityRule.fixed(7) : CapacityRule.of(formula, 1.1);
      for (var priority : Priority.values()) {
        var policy =
            new CapacityPolicy(
                rule,
                fixed ? Collections.emptySortedMap() : layers,
                Scope.REQUEST,
                Per.NODE,
                priority,
                Overflow.NEXT_CHOICE,
                Renormalize.AFTER,
                priority == Priority.RANDOM ? Long.MAX_VALUE : 0);
        assertEquals(policy, CapacityJson.parse(CapacityJson.write(policy).toString()));
      }
    }
    for (var policy :
        List.of(
            CapacityPolicy.DROPLESS,
            parse("{'rule': 'plain', 'factor': 1, 'rounding': 'half_even', 'count_ranks': false}"),
            parse(
                "{'factor': 1, 'overflow': 'local', 'scope': 'step', 'renormalize': 'before'}"))) {
      assertEquals(policy, CapacityJson.parse(CapacityJson.write(policy).toString()));
    }
  }

  @Test
  void onlyAStepMixesRequests() {
    assertTrue(CapacityPolicy.DROPLESS.independentOfOtherRequests());
    assertTrue(parse("{'factor': 1, 'scope': 'sequence'}").independentOfOtherRequests());
    assertTrue(parse("{'factor': 1, 'scope': 'request'}").independentOfOtherRequests());
    assertFalse(parse("{'factor': 1, 'scope': 'step'}").independentOfOtherRequests());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{}                               | factor | factor is missing, must be above 0, at most"
            + " 1000",
        "{'factor': 0}                    | factor | factor is 0 but must be a number above 0, at"
            + " most 1000",
        "{'factor': -1}                   | factor | factor is -1 but must be a number above 0, at"
            + " most 1000",
        "{'factor': '1'}                  | factor | factor is \"1\" but must be a number above 0",
        "{'factor': 1001}                 | factor | factor is 1001 but must be a number",
        "{'factor': 1, 'rule': 'best'}    | rule | rule is \"best\" but must be one of plain,"
            + " fixed, switch,",
        "{'factor': -1, 'rule': 'megablocks'} | factor | factor is -1 but must be a number from 0"
            + " to 1000",
        "{'factor': -1001, 'rule': 'tutel'} | factor | factor is -1001 but must be a number from"
            + " -1000 to 1000",
        "{'rule': 'fixed'}                | capacity | capacity is missing, must be an integer from"
            + " 1 to 1048576",
        "{'rule': 'fixed', 'capacity': 0} | capacity | capacity is 0 but must be an integer from 1",
        "{'rule': 'fixed', 'capacity': 4, 'factor': 1} | factor | factor has no meaning while rule"
            + " is fixed: leave one of them out",
        "{'rule': 'fixed', 'capacity': 4, 'multiple_of': 4} | multiple_of | multiple_of has no"
            + " meaning while rule is fixed",
        "{'rule': 'fixed', 'capacity': 4, 'layers': {'0': 1}} | layers | layers has no meaning"
            + " while rule is fixed",
        "{'factor': 1, 'capacity': 4}     | capacity | capacity has no meaning while rule is"
            + " megatron",
        "{'factor': 1, 'rounding': 'floor'} | rounding | rounding has no meaning while rule is"
            + " megatron",
        "{'factor': 1, 'count_ranks': true} | count_ranks | count_ranks has no meaning while rule"
            + " is megatron",
        "{'factor': 1, 'rule': 'plain', 'rounding': 'up'} | rounding | rounding is \"up\" but must"
            + " be one of ceil, floor, half_even",
        "{'factor': 1, 'minimum': -1}     | minimum | minimum is -1 but must be an integer from 0"
            + " to 1048576",
        "{'factor': 1, 'multiple_of': 0}  | multiple_of | multiple_of is 0 but must be an integer"
            + " from 1",
        "{'factor': 1, 'scope': 'batch'}  | scope | scope is \"batch\" but must be one of sequence,"
            + " whole_sequence, request, step",
        "{'factor': 1, 'per': 'gpu'}      | per | per is \"gpu\" but must be one of expert, node",
        "{'factor': 1, 'priority': 'bpr'} | priority | priority is \"bpr\" but must be one of"
            + " position, rank, probability, weight, batch_prioritized, random",
        "{'factor': 1, 'overflow': 'queue'} | overflow | overflow is \"queue\" but must be one of"
            + " drop, next_choice, local, none",
        "{'factor': 1, 'renormalize': true} | renormalize | renormalize is true but must be a"
            + " string",
        "{'factor': 1, 'seed': 3}         | seed | seed has no meaning while priority is"
            + " probability: leave one of them out",
        "{'factor': 1, 'priority': 'random', 'seed': 'x'} | seed | seed is \"x\" but must be an"
            + " integer of 64 bits",
        "{'overflow': 'none', 'factor': 1} | factor | factor has no meaning while overflow is none",
        "{'overflow': 'none', 'scope': 'step'} | scope | scope has no meaning while overflow is"
            + " none",
        "{'overflow': 'none', 'cf': 1}    | cf | cf is not known here; known are capacity,",
        "{'factor': 1, 'layers': 2}       | layers | layers is 2 but must be an object",
        "{'factor': 1, 'layers': {'first': 2}} | layers.first | layers.first is no layer, must be"
            + " 0, 1, 2 and so on",
        "{'factor': 1, 'layers': {'07': 2}} | layers.07 | layers.07 is no layer",
        "{'factor': 1, 'layers': {'-1': 2}} | layers.-1 | layers.-1 is no layer",
        "{'factor': 1, 'layers': {'0': 0}} | layers.0 | layers.0 is 0 but must be a number above 0,"
            + " at most 1000",
        "{'factor': 1, 'limit': 3}        | limit | limit is not known here; known are capacity,"
            + " count_ranks, factor,",
        "{'factor': NaN}                  | ''   | It is not JSON"
      })
  void whatCannotBeMeantIsRefused(String json, String field, String beginning) {
    var refusal = assertThrows(FieldException.class, () -> parse(json));
    assertEquals(field, refusal.field());
    var message = String.valueOf(refusal.getMessage());
    assertTrue(message.startsWith(beginning), message);
  }

  @Test
  void allRulesAreNamedForHelp() {
    assertEquals(
        "plain, fixed, switch, mesh, flaxformer, vmoe, megatron, deepspeed, tutel, megablocks,"
            + " fastmoe, capacity_aware",
        CapacityJson.ruleNames());
  }
}
