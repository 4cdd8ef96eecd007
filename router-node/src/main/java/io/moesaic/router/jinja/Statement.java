package io.moesaic.router.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// A statement as it was parsed.
sealed interface Statement {
  /// Where it begins, counted from 1.
  int line();

  record Verbatim(String text, int line) implements Statement {}

  record Print(Expression value, int line) implements Statement {}

  /// @param otherwise for when no condition holds
  record If(List<Branch> branches, List<Statement> otherwise, int line) implements Statement {
    record Branch(Expression condition, List<Statement> body) {}
  }

  /// @param condition of items that are passed over unless it holds
  /// @param otherwise for when the body ran to its end for no item
  record For(
      Target target,
      Expression items,
      @Nullable Expression condition,
      List<Statement> body,
      List<Statement> otherwise,
      int line)
      implements Statement {}

  record Break(int line) implements Statement {}

  record Continue(int line) implements Statement {}

  record Assign(Target target, Expression value, int line) implements Statement {}

  /// What the body writes, filtered; written if there is no target to give it to.
  record Capture(
      List<Expression.Use> filters, List<Statement> body, @Nullable Target target, int line)
      implements Statement {}

  /// Defines a macro.
  record Define(String name, List<Parameter> parameters, List<Statement> body, int line)
      implements Statement {
    record Parameter(String name, @Nullable Expression fallback) {}
  }

  /// A body with variables of its own, of which some have values to begin with.
  record With(List<Binding> bindings, List<Statement> body, int line) implements Statement {
    record Binding(Target target, Expression value) {}
  }

  /// What is assigned to.
  sealed interface Target {
    record Variable(String name) implements Target {}

    record NamespaceAttribute(String namespace, String name) implements Target {}

    record Unpacked(List<Target> targets) implements Target {}
  }
}
