package io.moesaic.router.capacity;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moesaic.router.capacity.CapacityPolicy.Overflow;
import io.moesaic.router.capacity.CapacityPolicy.Per;
import io.moesaic.router.capacity.CapacityPolicy.Priority;
import io.moesaic.router.capacity.CapacityPolicy.Renormalize;
import io.moesaic.router.capacity.CapacityPolicy.Scope;
import io.moesaic.router.capacity.CapacityRule.Formula;
import io.moesaic.router.capacity.CapacityRule.Rounding;
import io.moesaic.router.json.FieldException;
import io.moesaic.router.json.JsonFields;
import java.util.Arrays;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// A [CapacityPolicy] as people write it:
///
/// ```
/// {"factor": 1.25, "rule": "megatron", "scope": "sequence", "per": "expert",
///  "priority": "probability", "overflow": "drop", "renormalize": "never", "layers": {"0": 2}}
/// ```
/// `factor` must be there, unless `overflow` is `none` or `rule` is `fixed` with a `capacity`;
/// the other fields have the defaults that stand here. `minimum` and `multiple_of` change a rule;
/// `rounding` (ceil, floor, half_even) and `count_ranks` belong to the rule `plain`. `seed` belongs
/// to the priority `random`. With scope `whole_sequence`, the rule is `fixed` and the priority
/// `position`.
public final class CapacityJson {
  private static final int MAX_COUNT = 1 << 20;

  private CapacityJson() {}

  /// @throws FieldException naming the field, its value and what is allowed
  public static CapacityPolicy parse(String json) {
    return parse(JsonFields.parse(json.getBytes(UTF_8)));
  }

  /// @throws FieldException naming the field, its value and what is allowed
  public static CapacityPolicy parse(JsonFields fields) {
    var policy = fields.build(() -> read(fields));
    fields.requireNoOthers();
    return policy;
  }

  private static CapacityPolicy read(JsonFields fields) {
    var overflow = fields.choice("overflow", Overflow.DROP);
    if (overflow == Overflow.NONE) {
      refuseBeside(fields, "overflow", "none", "factor", "rule", "capacity", "minimum");
      refuseBeside(fields, "overflow", "none", "multiple_of", "rounding", "count_ranks", "layers");
      refuseBeside(fields, "overflow", "none", "scope", "per", "priority", "renormalize", "seed");
      return CapacityPolicy.DROPLESS;
    }
    var scope = fields.choice("scope", Scope.SEQUENCE);
    boolean whole = scope == Scope.WHOLE_SEQUENCE;
    var priority = fields.choice("priority", whole ? Priority.POSITION : Priority.PROBABILITY);
    if (priority != Priority.RANDOM) {
      refuseBeside(fields, "priority", JsonFields.label(priority), "seed");
    }
    var rule = rule(fields, whole ? Formula.FIXED : Formula.MEGATRON);
    return new CapacityPolicy(
        rule,
        layers(fields, rule.formula()),
        scope,
        fields.choice("per", Per.EXPERT),
        priority,
        overflow,
        fields.choice("renormalize", Renormalize.NEVER),
        fields.longInteger("seed", 0));
  }

  private static CapacityRule rule(JsonFields fields, Formula otherwise) {
    var formula = fields.choice("rule", otherwise);
    var label = JsonFields.label(formula);
    if (formula == Formula.FIXED) {
      refuseBeside(fields, "rule", label, "factor", "minimum", "multiple_of", "layers");
      refuseBeside(fields, "rule", label, "rounding", "count_ranks");
      return CapacityRule.fixed(fields.requiredInteger("capacity", 1, MAX_COUNT));
    }
    refuseBeside(fields, "rule", label, "capacity");
    if (formula != Formula.PLAIN) {
      refuseBeside(fields, "rule", label, "rounding", "count_ranks");
    }
    var published = CapacityRule.of(formula, factor(fields, "factor", formula));
    return new CapacityRule(
        formula,
        published.cf(),
        fields.choice("rounding", Rounding.CEIL),
        fields.integer("minimum", published.minimum(), 0, MAX_COUNT),
        fields.integer("multiple_of", published.multipleOf(), 1, MAX_COUNT),
        fields.flag("count_ranks", true));
  }

  private static double factor(JsonFields fields, String name, Formula formula) {
    return fields.required(name, formula.leastFactor(), CapacityRule.MAX_FACTOR);
  }

  private static SortedMap<Integer, Double> layers(JsonFields fields, Formula formula) {
    var factors = new TreeMap<Integer, Double>();
    var layers = fields.object("layers");
    if (layers != null) {
      for (var name : layers.names()) {
        if (!name.matches("0|[1-9][0-9]{0,3}")) {
          throw new FieldException(
              layers.path(name), layers.path(name) + " is no layer, must be 0, 1, 2 and so on");
        }
        factors.put(Integer.valueOf(name), factor(layers, name, formula));
      }
    }
    return factors;
  }

  private static void refuseBeside(
      JsonFields fields, String field, String value, String... contradicting) {
    for (var name : contradicting) {
      if (fields.has(name)) {
        throw new FieldException(
            fields.path(name),
            "%s has no meaning while %s is %s: leave one of them out"
                .formatted(fields.path(name), fields.path(field), value));
      }
    }
  }

  public static ObjectNode write(CapacityPolicy policy) {
    var json = JsonNodeFactory.instance.objectNode();
    if (!policy.limits()) {
      return json.put("overflow", JsonFields.label(Overflow.NONE));
    }
    writeRule(policy.rule(), json);
    json.put("scope", JsonFields.label(policy.scope()))
        .put("per", JsonFields.label(policy.per()))
        .put("priority", JsonFields.label(policy.priority()))
        .put("overflow", JsonFields.label(policy.overflow()))
        .put("renormalize", JsonFields.label(policy.renormalize()));
    if (policy.priority() == Priority.RANDOM) {
      json.put("seed", policy.seed());
    }
    if (!policy.layerFactors().isEmpty()) {
      var layers = json.putObject("layers");
      policy.layerFactors().forEach((layer, factor) -> layers.put(layer.toString(), factor));
    }
    return json;
  }

  private static void writeRule(CapacityRule rule, ObjectNode json) {
    json.put("rule", JsonFields.label(rule.formula()));
    if (rule.formula() == Formula.FIXED) {
      json.put("capacity", rule.minimum());
    } else {
      json.put("factor", rule.cf())
          .put("minimum", rule.minimum())
          .put("multiple_of", rule.multipleOf());
    }
    if (rule.formula() == Formula.PLAIN) {
      json.put("rounding", JsonFields.label(rule.rounding()))
          .put("count_ranks", rule.countsRanks());
    }
  }

  /// All rules by name, for help.
  public static String ruleNames() {
    return Arrays.stream(Formula.values()).map(JsonFields::label).collect(Collectors.joining(", "));
  }
}
