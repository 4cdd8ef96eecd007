package io.moesaic.router.api;

import io.moesaic.router.capacity.CapacityJson;
import io.moesaic.router.capacity.CapacityPolicy;
import io.moesaic.router.capacity.CapacityRule.Formula;
import io.moesaic.router.engine.MoeOptions;
import io.moesaic.router.json.FieldException;
import io.moesaic.router.json.JsonFields;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The fields that say how a request's experts are limited, and what is told of them:
///
/// ```
/// {"moe": {"capacity_factor": 1.25}, "return_moe_stats": true, "return_routed_experts": true}
/// {"moe": {"capacity": {"factor": 1.25, "scope": "request"}}}
/// ```
/// `capacity` is a whole policy, see [CapacityJson]. `capacity_factor` is a factor for all layers,
/// and leaves everything else to the operator; where the operator limits nothing, to the defaults.
/// `null` takes the limits away in both.
final class MoeFields {
  private static final String CAPACITY = "capacity";
  private static final String FACTOR = "capacity_factor";
  private static final double MAX_FACTOR = 1000;
  private static final CapacityPolicy DEFAULTS = CapacityJson.parse("{\"factor\": 1}");

  private final JsonFields fields;
  private final ServedMoe moe;

  private MoeFields(JsonFields fields, ServedMoe moe) {
    this.fields = fields;
    this.moe = moe;
  }

  static MoeRequest parse(JsonFields body, ServedMoe moe) {
    var fields = body.object("moe");
    Optional<CapacityPolicy> asked =
        fields == null ? Optional.empty() : new MoeFields(fields, moe).capacity();
    var options =
        new MoeOptions(
            asked, body.flag("return_moe_stats", false), body.flag("return_routed_experts", false));
    return new MoeRequest(options, asked.orElseGet(moe.capacity()::get));
  }

  private Optional<CapacityPolicy> capacity() {
    boolean whole = fields.names().contains(CAPACITY);
    boolean factorOnly = fields.names().contains(FACTOR) && !whole;
    var policy = whole();
    var factor = factor();
    fields.requireNoOthers();
    if (!whole && !factorOnly) {
      return Optional.empty();
    }
    if (whole && fields.names().contains(FACTOR)) {
      requireSame(policy, factor);
    }
    var asked = whole ? policy : withFactor(factor);
    moe.requests().check(asked, fields.path(whole ? CAPACITY : FACTOR));
    return Optional.of(asked);
  }

  private CapacityPolicy whole() {
    var node = fields.find(CAPACITY);
    if (node == null) {
      return CapacityPolicy.DROPLESS;
    }
    if (!node.isObject()) {
      throw JsonFields.wrong(
          fields.path(CAPACITY), node, "an object, or null to take the limits away");
    }
    var object = JsonFields.of(node, fields.path(CAPACITY));
    var policy = CapacityJson.parse(object);
    return object.build(
        () -> {
          policy.requireFits(moe.layers());
          return policy;
        });
  }

  private @Nullable Double factor() {
    return fields.has(FACTOR) ? fields.real(FACTOR, 1, -MAX_FACTOR, MAX_FACTOR) : null;
  }

  private CapacityPolicy withFactor(@Nullable Double factor) {
    var standing = moe.capacity().get();
    if (factor == null) {
      return CapacityPolicy.DROPLESS;
    }
    if (standing.limits() && standing.rule().formula() == Formula.FIXED) {
      throw new FieldException(
          fields.path(FACTOR),
          "%s has no meaning while this node's rule is fixed: send a whole %s"
              .formatted(fields.path(FACTOR), fields.path(CAPACITY)));
    }
    try {
      return (standing.limits() ? standing : DEFAULTS).withFactor(factor);
    } catch (IllegalArgumentException e) {
      // it speaks of the factor
      throw new FieldException(fields.path(FACTOR), fields.path("capacity_" + e.getMessage()));
    }
  }

  private void requireSame(CapacityPolicy policy, @Nullable Double factor) {
    boolean has = policy.limits() && policy.rule().formula() != Formula.FIXED;
    var own = has ? (Double) policy.rule().cf() : null;
    boolean same = factor == null ? !policy.limits() : factor.equals(own);
    if (!same) {
      throw new FieldException(
          fields.path(FACTOR),
          "%s is %s, but %s has %s: leave one of them out"
              .formatted(
                  fields.path(FACTOR),
                  factor,
                  fields.path(CAPACITY),
                  own == null ? "no factor" : "factor " + own));
    }
  }
}
