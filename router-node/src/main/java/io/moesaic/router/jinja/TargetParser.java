package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Statement.MacroCode.Parameter;
import io.moesaic.router.jinja.Statement.Target;
import io.moesaic.router.jinja.Statement.Target.NamespaceAttribute;
import io.moesaic.router.jinja.Statement.Target.Unpacked;
import io.moesaic.router.jinja.Statement.Target.Variable;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/// Parses what values are given to: variables, attributes of namespaces, parameters.
final class TargetParser {
  private static final Set<String> CONSTANTS =
      Set.of("true", "false", "none", "True", "False", "None");

  private final TokenStream tokens;
  private final ExpressionParser expressions;

  TargetParser(TokenStream tokens, ExpressionParser expressions) {
    this.tokens = tokens;
    this.expressions = expressions;
  }

  /// One target, or several with commas between them.
  ///
  /// @param ends at which tokens no further target comes
  /// @param namespaces whether attributes of namespaces may be set
  Target target(Predicate<Token> ends, boolean namespaces) {
    var targets = new ArrayList<Target>();
    var comma = false;
    while (!expressions.endsTuple(ends)) {
      targets.add(single(namespaces));
      if (!tokens.takeOperator(",")) {
        break;
      }
      comma = true;
    }
    if (targets.isEmpty()) {
      throw tokens.expected("a variable");
    }
    return comma ? new Unpacked(targets) : targets.getFirst();
  }

  private Target single(boolean namespaces) {
    if (tokens.takeOperator("(")) {
      tokens.descend();
      var inner = target(_ -> false, false);
      tokens.expectOperator(")");
      tokens.ascend();
      return inner;
    }
    var name = variable();
    return namespaces && tokens.takeOperator(".")
        ? new NamespaceAttribute(name, tokens.expectName())
        : new Variable(name);
  }

  String variable() {
    var name = tokens.expectName();
    if (CONSTANTS.contains(name)) {
      throw Failure.of("'%s' is a constant and no variable", name);
    }
    return name;
  }

  List<Parameter> parameters() {
    tokens.expectOperator("(");
    var parameters = new ArrayList<Parameter>();
    while (!tokens.takeOperator(")")) {
      if (!parameters.isEmpty()) {
        tokens.expectOperator(",");
      }
      var name = variable();
      var fallback = tokens.takeOperator("=") ? expressions.expression() : null;
      if (fallback == null && !parameters.isEmpty() && parameters.getLast().fallback() != null) {
        throw Failure.of("the parameter '%s' needs a default, as the one before has", name);
      }
      parameters.add(new Parameter(name, fallback));
    }
    return parameters;
  }
}
