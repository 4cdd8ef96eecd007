package io.moesaic.router.jinja;

import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What an expression gives: Python's values, as far as templates see them. They never change,
/// but for namespaces and what is read once. Python's `==` is [Comparison], not `equals`, which
/// does not bound the work.
sealed interface Value {
  /// Whether `if` takes it for true.
  default boolean truth() {
    return switch (this) {
      case None _, Undefined _ -> false;
      case Bool(var truth) -> truth;
      case Numeric number -> number.real() != 0;
      case Text _, Items _, Dict _ -> size() > 0;
      case Once _, Opaque _ -> true;
    };
  }

  /// How many characters or items there are, for what going through it costs.
  default int size() {
    return switch (this) {
      case Text(var content) -> content.length();
      case Items(_, var values) -> values.size();
      case Dict(var entries) -> entries.size();
      case None _, Numeric _, Once _, Undefined _, Opaque _ -> 0;
    };
  }

  /// Python's name of the type, for error sentences.
  default String type() {
    return switch (this) {
      case None _ -> "NoneType";
      case Bool _ -> "bool";
      case Int _ -> "int";
      case Real _ -> "float";
      case Text _ -> "str";
      case Items(var kind, _) -> kind.type;
      case Dict _ -> "dict";
      case Once _ -> "generator";
      case Undefined _ -> "Undefined";
      case Function _ -> "function";
      case Opaque _ -> "object";
    };
  }

  enum None implements Value {
    NONE
  }

  /// A number. Truth values are numbers.
  sealed interface Numeric extends Value {
    double real();
  }

  /// An integer, or a truth value in the place of one.
  sealed interface Whole extends Numeric {
    long integer();

    @Override
    default double real() {
      return integer();
    }
  }

  record Bool(boolean truth) implements Whole {
    @Override
    public long integer() {
      return truth ? 1 : 0;
    }
  }

  record Int(long integer) implements Whole {}

  record Real(double real) implements Numeric {
    public Real {
      if (!Double.isFinite(real)) {
        throw Failure.of("a number is %s; numbers must be finite", real);
      }
    }
  }

  record Text(String content) implements Value {
    static final Text EMPTY = new Text("");

    /// In code points, as all places in a text are.
    int length() {
      return content.codePointCount(0, content.length());
    }
  }

  /// Several values in their order.
  record Items(Kind kind, List<Value> values) implements Value {
    enum Kind {
      LIST("list"),
      TUPLE("tuple"),
      RANGE("range"),
      KEYS("dict_keys"),
      VALUES("dict_values"),
      ENTRIES("dict_items");

      private final String type;

      Kind(String type) {
        this.type = type;
      }

      /// Whether the values can be added to, multiplied and written as JSON.
      boolean isListOrTuple() {
        return this == LIST || this == TUPLE;
      }
    }

    /// @param values must not change any more
    public Items {
      Work.checkItems(values.size());
      values = Collections.unmodifiableList(values);
    }

    static Items list(List<Value> values) {
      return new Items(Kind.LIST, values);
    }

    /// Whether the values have places, which are counted from 0, and from -1 backwards.
    boolean hasPlaces() {
      return kind.isListOrTuple() || kind == Kind.RANGE;
    }
  }

  /// A dict, of which all keys are texts.
  record Dict(Map<String, Value> entries) implements Value {
    /// @param entries in their order, must not change any more
    public Dict {
      entries = Collections.unmodifiableMap(entries);
    }

    static String key(Value key) {
      return switch (key) {
        case Text(var text) -> text;
        case Undefined undefined -> throw undefined.failure();
        case Value other ->
            throw Failure.of("a key of a dict must be a text, not of type %s", other.type());
      };
    }
  }

  /// What `map`, `select` and their like give: can be read once, and has no length.
  final class Once implements Value {
    private final Iterator<Value> values;

    Once(List<Value> values) {
      this.values = values.iterator();
    }

    Iterator<Value> values() {
      return values;
    }
  }

  /// What is not there.
  ///
  /// @param complaint the sentence for who needs it nevertheless
  record Undefined(String complaint) implements Value {
    Failure failure() {
      return new Failure(complaint);
    }
  }

  /// An object with attributes and identity.
  non-sealed interface Opaque extends Value {
    /// @return null if it has no such attribute
    @Nullable Value attribute(String name);
  }

  /// What can be called.
  @FunctionalInterface
  interface Function extends Opaque {
    Value call(Arguments arguments, Work work);

    @Override
    default @Nullable Value attribute(String name) {
      return null;
    }
  }

  /// What templates use to carry values out of loops: its attributes can be set.
  record Namespace(Map<String, Value> attributes) implements Opaque {
    @Override
    public @Nullable Value attribute(String name) {
      return attributes.get(name);
    }
  }
}
