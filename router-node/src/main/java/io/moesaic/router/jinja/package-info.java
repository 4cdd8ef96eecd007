/// The part of Jinja2 that the chat templates of published models use, with the values and the
/// arithmetic of Python behind it. Needs the JDK only, and calls nothing by reflection.
///
/// ```
/// text -> Lexer -> Token -> StatementParser, ExpressionParser -> Statement, Expression
///      -> Interpreter, Evaluator (with Work, which bounds them) -> text
/// ```
@NullMarked
package io.moesaic.router.jinja;

import org.jspecify.annotations.NullMarked;
