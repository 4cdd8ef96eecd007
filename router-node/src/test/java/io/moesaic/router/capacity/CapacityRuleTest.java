package io.moesaic.router.capacity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.moesaic.router.capacity.CapacityRule.Formula;
import io.moesaic.router.capacity.CapacityRule.Rounding;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CapacityRuleTest {
  /// Worked out by hand. Of the fullest expert's load 37 is known where it matters.
  @ParameterizedTest
  @CsvSource({
    // (100 / 8) * 1.25 = 15.625, which the paper leaves to be rounded
    "SWITCH, 1.25, 100, 8, 1, 16",
    "SWITCH, 1.25, 100, 8, 2, 16",
    "SWITCH, 1, 1, 64, 1, 1",
    // floor(15.625); never below 4, never above the tokens, but 4 wins
    "MESH, 1.25, 100, 8, 2, 15",
    "MESH, 1, 8, 8, 2, 4",
    "MESH, 100, 10, 8, 2, 10",
    "MESH, 1, 3, 8, 2, 4",
    // half to even: 12.5 and 13.5
    "FLAXFORMER, 1, 100, 8, 1, 12",
    "FLAXFORMER, 1, 108, 8, 1, 14",
    "FLAXFORMER, 1, 16, 8, 1, 4",
    // ceil(25), up to a multiple of 4
    "VMOE, 1, 100, 8, 2, 28",
    "VMOE, 1, 64, 32, 1, 4",
    "VMOE, 0.01, 1, 64, 1, 4",
    // (100 * 2 / 8) * 1.01 = 25.25
    "MEGATRON, 1.01, 100, 8, 2, 26",
    "MEGATRON, 1, 100, 8, 2, 25",
    "MEGATRON, 0.5, 1, 8, 2, 1",
    "MEGATRON, 1, 1, 60, 4, 1",
    "DEEPSPEED, 1.01, 100, 8, 2, 26",
    "DEEPSPEED, 1, 4, 8, 2, 4",
    // the sizes of DeepSpeed's own tests, whose least capacity is below
    "DEEPSPEED, 2, 8, 2, 2, 16",
    "DEEPSPEED, 4, 8, 2, 1, 16",
    "DEEPSPEED, 8, 3, 4, 1, 6",
    // 2 * floor(1.25 * ceil(100 / 8)) = 2 * floor(16.25)
    "TUTEL, 1.25, 100, 8, 2, 32",
    "TUTEL, 0.05, 100, 8, 2, 0",
    "TUTEL, 0, 100, 8, 2, 37",
    "TUTEL, -1.25, 100, 8, 2, 32",
    "TUTEL, -2, 100, 8, 2, 37",
    // floor(1.3 * 25)
    "MEGABLOCKS, 1.3, 100, 8, 2, 32",
    "MEGABLOCKS, 0, 100, 8, 2, 37",
    "MEGABLOCKS, 1, 3, 8, 2, 0",
    // Switch: ceil(1.2 * 100 / 8); GShard: ceil(1.2 * 101 = 121.2) * 2 / 8 = 30.5
    "FASTMOE, 1.2, 100, 8, 1, 15",
    "FASTMOE, 1.2, 101, 8, 1, 16",
    "FASTMOE, 1.2, 101, 8, 2, 30",
    "CAPACITY_AWARE, 1.01, 100, 8, 2, 26",
    "CAPACITY_AWARE, 0.01, 2, 64, 1, 1",
    "CAPACITY_AWARE, 1, 1, 8, 2, 2147483647",
    "CAPACITY_AWARE, 1, 0, 8, 2, 2147483647",
    // nothing to count
    "MEGATRON, 1, 0, 8, 2, 0",
    "MESH, 1, 0, 8, 2, 4",
    "TUTEL, 1, 0, 8, 2, 0",
  })
  void isThatOfEachImplementation(
      Formula formula, double cf, int tokens, int experts, int ranks, int expected) {
    assertEquals(expected, CapacityRule.of(formula, cf).capacity(tokens, experts, ranks, 37));
  }

  @ParameterizedTest
  @CsvSource({
    // 1.25 * 100 / 8 = 15.625, with k = 2 31.25
    "CEIL, false, 16", "FLOOR, false, 15", "HALF_EVEN, false, 16",
    "CEIL, true, 32", "FLOOR, true, 31", "HALF_EVEN, true, 31"
  })
  void isRoundedAsAskedWithThePlainRule(Rounding rounding, boolean countsRanks, int expected) {
    var rule = new CapacityRule(Formula.PLAIN, 1.25, rounding, 0, 1, countsRanks);
    assertEquals(expected, rule.capacity(100, 8, 2, 0));
  }

  @Test
  void aMinimumWinsAndMultiplesAreRoundedUpTo() {
    var minimum = new CapacityRule(Formula.DEEPSPEED, 1, Rounding.CEIL, 8, 1, true);
    assertEquals(8, minimum.capacity(4, 4, 2, 0));
    var multiple = new CapacityRule(Formula.TUTEL, 1, Rounding.CEIL, 0, 8, true);
    assertEquals(32, multiple.capacity(100, 8, 2, 0));
    var both = new CapacityRule(Formula.PLAIN, 1, Rounding.CEIL, 5, 4, true);
    assertEquals(8, both.capacity(1, 8, 2, 0));
  }

  @Test
  void aFixedCapacityDependsOnNothing() {
    assertEquals(64, CapacityRule.fixed(64).capacity(1000, 8, 1, 900));
    assertEquals(64, CapacityRule.fixed(64).capacity(1, 8, 1, 1));
  }

  @Test
  void isNeverMoreThanAnIntHolds() {
    var rule = new CapacityRule(Formula.PLAIN, 1000, Rounding.CEIL, 0, 1 << 20, true);
    assertEquals(1 << 30, rule.capacity(Integer.MAX_VALUE, 1, 4096, 0));
  }

  @ParameterizedTest
  @CsvSource({
    "MEGATRON, 0",
    "MEGATRON, -1",
    "MEGATRON, 1000.5",
    "MEGATRON, NaN",
    "MEGABLOCKS, -0.5",
    "TUTEL, -1001",
    "PLAIN, Infinity"
  })
  void aFactorOutOfItsBoundsIsRefused(Formula formula, double cf) {
    var refusal = assertThrows(IllegalArgumentException.class, () -> CapacityRule.of(formula, cf));
    assertEquals("factor is " + cf, String.valueOf(refusal.getMessage()).split(",", 2)[0]);
  }
}
