package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Value.Function;
import io.moesaic.router.jinja.Value.Undefined;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A method of Python's values of one type.
@FunctionalInterface
interface Method<T extends Value> {
  Value call(T self, Arguments arguments, Work work);

  /// What a dot and the name give: a method, also one that fails when it is called because it is
  /// not supported here, or something not defined in place of a method that would change the value.
  ///
  /// @return null if Python's values of the type have no such method
  static <T extends Value> @Nullable Value find(
      T self,
      String name,
      Map<String, Method<T>> methods,
      Set<String> changing,
      Set<String> other) {
    var method = methods.get(name);
    if (method != null) {
      return (Function) (arguments, work) -> method.call(self, arguments, work);
    }
    if (changing.contains(name)) {
      return Undefined.because(
          "a template may not change a %s, as %s() would".formatted(self.type(), name));
    }
    if (other.contains(name)) {
      return (Function)
          (_, _) -> {
            throw Failure.of("the method %s() of a %s is not supported", name, self.type());
          };
    }
    return null;
  }
}
