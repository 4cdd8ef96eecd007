package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Statement.Define.Parameter;
import io.moesaic.router.jinja.Statement.If;
import io.moesaic.router.jinja.Statement.Target;
import io.moesaic.router.jinja.Statement.With;
import io.moesaic.router.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// Parses statements, and what they give values to. [ExpressionParser] parses the values.
final class StatementParser {
  private static final Set<String> CONSTANTS =
      Set.of("true", "false", "none", "True", "False", "None");

  private final TokenStream tokens;
  private final ExpressionParser expressions;
  private int loops;

  private StatementParser(TokenStream tokens) {
    this.tokens = tokens;
    expressions = new ExpressionParser(tokens);
  }

  static List<Statement> parse(String template) throws JinjaException {
    var tokens = new TokenStream(Lexer.tokens(template));
    try {
      var parser = new StatementParser(tokens);
      var statements = parser.statements(List.of());
      if (!tokens.at(Kind.END)) {
        throw tokens.expected("the end of the template");
      }
      return statements;
    } catch (Failure e) {
      throw new JinjaException(tokens.line(), e);
    }
  }

  /// @param ends which blocks end the statements; the name of the one that does is the next token
  private List<Statement> statements(List<String> ends) {
    tokens.descend();
    var statements = new ArrayList<Statement>();
    while (!tokens.at(Kind.END)) {
      var token = tokens.take();
      if (token.kind() == Kind.TEXT) {
        statements.add(new Statement.Verbatim(token.text(), token.line()));
      } else if (token.kind() == Kind.OUTPUT_BEGIN) {
        statements.add(new Statement.Print(expressions.tuple(true), token.line()));
        tokens.expect(Kind.OUTPUT_END);
      } else {
        if (tokens.at(Kind.NAME) && ends.contains(tokens.peek().text())) {
          tokens.ascend();
          return statements;
        }
        statements.add(statement());
        tokens.expect(Kind.BLOCK_END);
      }
    }
    if (!ends.isEmpty()) {
      throw Failure.of("a block is not closed by '{%% %s %%}'", ends.getLast());
    }
    tokens.ascend();
    return statements;
  }

  /// What a block holds, up to one of the ends, which is taken.
  ///
  /// @return the name of the end
  private String body(List<Statement> body, String... ends) {
    // as Python has it
    tokens.takeOperator(":");
    tokens.expect(Kind.BLOCK_END);
    body.addAll(statements(List.of(ends)));
    return tokens.take().text();
  }

  private List<Statement> body(String end) {
    var body = new ArrayList<Statement>();
    body(body, end);
    return body;
  }

  private Statement statement() {
    var line = tokens.line();
    var name = tokens.expectName();
    return switch (name) {
      case "if" -> ifStatement(line);
      case "for" -> forStatement(line);
      case "set" -> set(line);
      case "macro" -> define(line);
      case "filter" -> filter(line);
      case "with" -> with(line);
      // marks what the assistant says, for training
      case "generation" -> new With(List.of(), body("endgeneration"), line);
      case "break" -> inLoop(new Statement.Break(line), name);
      case "continue" -> inLoop(new Statement.Continue(line), name);
      default -> throw Failure.of("the block '%s' is not supported", name);
    };
  }

  private Statement inLoop(Statement statement, String name) {
    if (loops == 0) {
      throw Failure.of("'%s' stands outside of any loop", name);
    }
    return statement;
  }

  private Statement ifStatement(int line) {
    var branches = new ArrayList<If.Branch>();
    var otherwise = new ArrayList<Statement>();
    String next;
    do {
      var condition = expressions.tuple(false);
      var body = new ArrayList<Statement>();
      next = body(body, "elif", "else", "endif");
      branches.add(new If.Branch(condition, body));
    } while (next.equals("elif"));
    if (next.equals("else")) {
      body(otherwise, "endif");
    }
    return new If(branches, otherwise, line);
  }

  private Statement forStatement(int line) {
    var target = target(false);
    tokens.expectName("in");
    var items = expressions.tuple(false);
    var condition = tokens.takeName("if") ? expressions.expression() : null;
    if (tokens.takeName("recursive")) {
      throw new Failure("recursive loops are not supported; use a macro");
    }
    loops++;
    var body = new ArrayList<Statement>();
    var next = body(body, "else", "endfor");
    loops--;
    var otherwise = next.equals("else") ? body("endfor") : List.<Statement>of();
    return new Statement.For(target, items, condition, body, otherwise, line);
  }

  private Statement set(int line) {
    var target = target(true);
    if (tokens.takeOperator("=")) {
      return new Statement.Assign(target, expressions.tuple(true), line);
    }
    var filters = expressions.operands().filters();
    return new Statement.Capture(filters, body("endset"), target, line);
  }

  private Statement define(int line) {
    var name = variable();
    var parameters = parameters();
    var outerLoops = loops;
    loops = 0;
    var body = body("endmacro");
    loops = outerLoops;
    return new Statement.Define(name, parameters, body, line);
  }

  private Statement filter(int line) {
    var filters = new ArrayList<Expression.Use>();
    filters.add(expressions.operands().use());
    filters.addAll(expressions.operands().filters());
    return new Statement.Capture(filters, body("endfilter"), null, line);
  }

  private Statement with(int line) {
    var bindings = new ArrayList<With.Binding>();
    while (!tokens.at(Kind.BLOCK_END)) {
      if (!bindings.isEmpty()) {
        tokens.expectOperator(",");
      }
      var target = target(false);
      tokens.expectOperator("=");
      bindings.add(new With.Binding(target, expressions.expression()));
    }
    return new With(bindings, body("endwith"), line);
  }

  /// One target, or several with commas between them.
  ///
  /// @param namespaces whether attributes of namespaces may be set
  private Target target(boolean namespaces) {
    var targets = new ArrayList<Target>();
    targets.add(single(namespaces));
    while (tokens.takeOperator(",")) {
      targets.add(single(namespaces));
    }
    return targets.size() == 1 ? targets.getFirst() : new Target.Unpacked(targets);
  }

  private Target single(boolean namespaces) {
    if (tokens.takeOperator("(")) {
      tokens.descend();
      var inner = target(false);
      tokens.expectOperator(")");
      tokens.ascend();
      return inner;
    }
    var name = variable();
    return namespaces && tokens.takeOperator(".")
        ? new Target.NamespaceAttribute(name, tokens.expectName())
        : new Target.Variable(name);
  }

  private String variable() {
    var name = tokens.expectName();
    if (CONSTANTS.contains(name)) {
      throw Failure.of("'%s' is a constant and no variable", name);
    }
    return name;
  }

  private List<Parameter> parameters() {
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
