package io.moesaic.router.capacity;

import io.moesaic.router.capacity.CapacityRule.Formula;
import io.moesaic.router.json.FieldException;
import java.util.Map;

/// Which capacity policies requests may bring. A request chooses for itself alone: whatever its
/// policy says, nobody's result depends on it but its own, and those of requests that chose to be
/// counted together with others by bringing the same policy with scope `step`. So there is nothing
/// to protect but the quality of what a request gets, by a least factor.
///
/// @param allowed whether requests may bring any
/// @param leastFactor the least capacity factor, in the sense of the rule that the request names; 0
///     allows any. With more than 0, the rule `fixed`, which has no factor, is refused
public record RequestCapacity(boolean allowed, double leastFactor) {
  /// Requests may ask for whatever a policy can say.
  public static final RequestCapacity ANY = new RequestCapacity(true, 0);

  /// All requests have the operator's policy.
  public static final RequestCapacity NONE = new RequestCapacity(false, 0);

  public RequestCapacity {
    if (!(leastFactor >= 0 && leastFactor <= 1000)) {
      throw new IllegalArgumentException(
          "least factor is %s, must be from 0 to 1000".formatted(leastFactor));
    }
  }

  /// @param field path of what sets the policy, as in `moe.capacity`, for errors
  /// @throws FieldException when requests may not bring this policy
  public void check(CapacityPolicy policy, String field) {
    if (!allowed) {
      throw new FieldException(
          field,
          "%s cannot be set: at this node all requests have the operator's capacity, leave it out"
              .formatted(field));
    }
    if (!policy.limits() || leastFactor == 0) {
      return;
    }
    var rule = policy.rule();
    if (rule.formula() == Formula.FIXED) {
      throw new FieldException(
          field,
          ("%s has rule fixed, which has no factor, and at this node the factor must be at least"
                  + " %s: use another rule")
              .formatted(field, leastFactor));
    }
    checkFactor(rule.cf(), field, "factor");
    for (Map.Entry<Integer, Double> layer : policy.layerFactors().entrySet()) {
      checkFactor(layer.getValue(), field, "factor for layer " + layer.getKey());
    }
  }

  private void checkFactor(double factor, String field, String what) {
    // 0 is as much as the fullest expert needs, and Tutel's negative factor a bound upon that.
    double effective = factor == 0 ? Double.POSITIVE_INFINITY : Math.abs(factor);
    if (effective < leastFactor) {
      throw new FieldException(
          field,
          "%s has the %s %s, must be at least %s at this node"
              .formatted(field, what, factor, leastFactor));
    }
  }
}
