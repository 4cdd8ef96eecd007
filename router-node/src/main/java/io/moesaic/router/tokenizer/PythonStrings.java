package io.moesaic.router.tokenizer;

import com.google.common.base.CharMatcher;
import com.google.common.base.Splitter;
import com.hubspot.jinjava.el.JinjavaInterpreterResolver;
import java.util.Locale;
import jinjava.javax.el.CompositeELResolver;
import jinjava.javax.el.ELContext;
import org.jspecify.annotations.Nullable;

/// The methods of Python's strings that chat templates call, where Java's strings lack them or mean
/// something else by the name.
final class PythonStrings extends CompositeELResolver {
  PythonStrings() {
    add(JinjavaInterpreterResolver.DEFAULT_RESOLVER_READ_ONLY);
  }

  @Override
  public @Nullable Object invoke(
      ELContext context, Object base, Object method, Class<?>[] types, Object[] arguments) {
    if (base instanceof String text && method instanceof String name) {
      var result = call(text, name, arguments == null ? new Object[0] : arguments);
      if (result != null) {
        context.setPropertyResolved(true);
        return result;
      }
    }
    return super.invoke(context, base, method, types, arguments);
  }

  /// @return null for a method that is not one of these
  private static @Nullable Object call(String text, String method, Object[] arguments) {
    var argument = arguments.length == 0 ? null : String.valueOf(arguments[0]);
    var trimmed = argument == null ? CharMatcher.whitespace() : CharMatcher.anyOf(argument);
    return switch (method) {
      case "strip" -> trimmed.trimFrom(text);
      case "lstrip" -> trimmed.trimLeadingFrom(text);
      case "rstrip" -> trimmed.trimTrailingFrom(text);
      case "upper" -> text.toUpperCase(Locale.ROOT);
      case "lower" -> text.toLowerCase(Locale.ROOT);
      case "startswith" -> argument == null ? null : text.startsWith(argument);
      case "endswith" -> argument == null ? null : text.endsWith(argument);
      case "split" ->
          argument == null
              ? Splitter.on(CharMatcher.whitespace()).omitEmptyStrings().splitToList(text)
              : Splitter.on(argument).splitToList(text);
      default -> null;
    };
  }
}
