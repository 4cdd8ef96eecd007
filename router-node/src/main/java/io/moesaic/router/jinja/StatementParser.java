package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Expression.Call;
import io.moesaic.router.jinja.Expression.Use;
import io.moesaic.router.jinja.Statement.Assign;
import io.moesaic.router.jinja.Statement.Break;
import io.moesaic.router.jinja.Statement.CallBlock;
import io.moesaic.router.jinja.Statement.Continue;
import io.moesaic.router.jinja.Statement.Define;
import io.moesaic.router.jinja.Statement.FilterBlock;
import io.moesaic.router.jinja.Statement.For;
import io.moesaic.router.jinja.Statement.If;
import io.moesaic.router.jinja.Statement.MacroCode;
import io.moesaic.router.jinja.Statement.MacroCode.Parameter;
import io.moesaic.router.jinja.Statement.Print;
import io.moesaic.router.jinja.Statement.SetBlock;
import io.moesaic.router.jinja.Statement.Target;
import io.moesaic.router.jinja.Statement.Verbatim;
import io.moesaic.router.jinja.Statement.With;
import io.moesaic.router.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Parses statements. What they hold is parsed by [ExpressionParser] and [TargetParser].
final class StatementParser {
  private static final Set<String> SPECIAL = Set.of("caller", "varargs", "kwargs");

  private final TokenStream tokens;
  private final ExpressionParser expressions;
  private final TargetParser targets;
  private int loops;

  private StatementParser(TokenStream tokens) {
    this.tokens = tokens;
    expressions = new ExpressionParser(tokens);
    targets = new TargetParser(tokens, expressions);
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
        statements.add(new Verbatim(token.text(), token.line()));
      } else if (token.kind() == Kind.OUTPUT_BEGIN) {
        statements.add(new Print(expressions.tuple(), token.line()));
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
      case "call" -> call(line);
      case "filter" -> filter(line);
      case "with" -> with(line);
      // marks what the assistant says, for training
      case "generation" -> new With(List.of(), body("endgeneration"), line);
      case "break" -> inLoop(new Break(line), name);
      case "continue" -> inLoop(new Continue(line), name);
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
      var condition = expressions.tuple(_ -> false, false);
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
    var target = targets.target(token -> token.isName("in"), false);
    tokens.expectName("in");
    var items = expressions.tuple(token -> token.isName("recursive"), false);
    var condition = tokens.takeName("if") ? expressions.expression() : null;
    if (tokens.atName("recursive")) {
      throw new Failure("recursive loops are not supported; use a macro");
    }
    loops++;
    var body = new ArrayList<Statement>();
    var next = body(body, "else", "endfor");
    loops--;
    var otherwise = next.equals("else") ? body("endfor") : List.<Statement>of();
    return new For(target, items, condition, body, otherwise, line);
  }

  private Statement set(int line) {
    var target = targets.target(_ -> false, true);
    if (tokens.takeOperator("=")) {
      return new Assign(target, expressions.tuple(), line);
    }
    var filters = expressions.operands().filters();
    return new SetBlock(target, filters, body("endset"), line);
  }

  private Statement define(int line) {
    var name = targets.variable();
    return new Define(macro(name, targets.parameters(), "endmacro"), line);
  }

  private Statement call(int line) {
    var parameters = tokens.atOperator("(") ? targets.parameters() : List.<Parameter>of();
    if (!(expressions.expression() instanceof Call(var callee, var given))) {
      throw new Failure("a call block needs a call, as in '{% call name() %}'");
    }
    return new CallBlock(macro("caller", parameters, "endcall"), callee, given, line);
  }

  private MacroCode macro(String name, List<Parameter> parameters, String end) {
    var names = expressions.names();
    var before = new HashSet<>(names);
    names.removeAll(SPECIAL);
    var outerLoops = loops;
    loops = 0;
    var body = body(end);
    loops = outerLoops;
    var mentioned = new HashSet<>(SPECIAL);
    mentioned.retainAll(names);
    parameters.forEach(parameter -> mentioned.remove(parameter.name()));
    names.addAll(before);
    return new MacroCode(name, parameters, body, mentioned);
  }

  private Statement filter(int line) {
    var filters = new ArrayList<Use>();
    filters.add(expressions.operands().use());
    filters.addAll(expressions.operands().filters());
    return new FilterBlock(filters, body("endfilter"), line);
  }

  private Statement with(int line) {
    var bindings = new ArrayList<With.Binding>();
    while (!tokens.at(Kind.BLOCK_END)) {
      if (!bindings.isEmpty()) {
        tokens.expectOperator(",");
      }
      Target target = targets.target(_ -> false, false);
      tokens.expectOperator("=");
      bindings.add(new With.Binding(target, expressions.expression()));
    }
    return new With(bindings, body("endwith"), line);
  }
}
