package io.moesaic.router.jinja;

import java.math.BigDecimal;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What an expression gives: Python's values, as far as templates see them. They never change,
/// but for namespaces and what is read once. `equals` is Python's `==`.
///
/// INVARIANT: no value weighs more or nests deeper than [Work] allows, so that walking through one,
/// also recursively, is bounded.
sealed interface Value {
  /// Whether `if` takes it for true.
  boolean truth();

  /// Python's name of the type, for error sentences.
  String type();

  /// How many characters and items are in it, those of its items included.
  default long weight() {
    return 1;
  }

  /// How many lists and dicts nest in it.
  default int depth() {
    return 0;
  }

  enum None implements Value {
    NONE;

    @Override
    public boolean truth() {
      return false;
    }

    @Override
    public String type() {
      return "NoneType";
    }
  }

  /// Numbers of different types may be equal, and truth values are numbers.
  sealed interface Numeric extends Value {
    double real();

    static boolean equal(Numeric a, @Nullable Object other) {
      if (!(other instanceof Numeric b)) {
        return false;
      }
      if (a instanceof Whole x && b instanceof Whole y) {
        return x.integer() == y.integer();
      }
      return a.real() == b.real()
          && (Double.isInfinite(a.real()) || exact(a).compareTo(exact(b)) == 0);
    }

    private static BigDecimal exact(Numeric number) {
      return number instanceof Whole whole
          ? BigDecimal.valueOf(whole.integer())
          : new BigDecimal(number.real());
    }

    static int hash(Numeric number) {
      return Double.hashCode(number.real() + 0.0);
    }
  }

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

    @Override
    public String type() {
      return "bool";
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return Numeric.equal(this, other);
    }

    @Override
    public int hashCode() {
      return Numeric.hash(this);
    }
  }

  record Int(long integer) implements Whole {
    @Override
    public boolean truth() {
      return integer != 0;
    }

    @Override
    public String type() {
      return "int";
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return Numeric.equal(this, other);
    }

    @Override
    public int hashCode() {
      return Numeric.hash(this);
    }
  }

  record Real(double real) implements Numeric {
    @Override
    public boolean truth() {
      return real != 0;
    }

    @Override
    public String type() {
      return "float";
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return Numeric.equal(this, other);
    }

    @Override
    public int hashCode() {
      return Numeric.hash(this);
    }
  }

  record Text(String content) implements Value {
    static final Text EMPTY = new Text("");

    /// In code points, as all places in a text are.
    int length() {
      return content.codePointCount(0, content.length());
    }

    @Override
    public boolean truth() {
      return !content.isEmpty();
    }

    @Override
    public String type() {
      return "str";
    }

    @Override
    public long weight() {
      return 1 + content.length();
    }
  }

  /// What has places that are counted from 0, and from -1 backwards.
  sealed interface Sequence extends Value {
    List<Value> values();

    @Override
    default boolean truth() {
      return !values().isEmpty();
    }
  }

  record Items(Kind kind, List<Value> values, long weight, int depth) implements Sequence {
    enum Kind {
      LIST,
      TUPLE,
      /// A tuple of `grouper` and `list`.
      GROUP
    }

    public Items {
      values = Collections.unmodifiableList(values);
      Work.checkSize(weight, depth);
    }

    private Items(Kind kind, List<Value> values) {
      this(kind, values, Sizes.weight(values), Sizes.depth(values));
    }

    /// @param values must not change any more
    static Items list(List<Value> values) {
      return new Items(Kind.LIST, values);
    }

    static Items tuple(List<Value> values) {
      return new Items(Kind.TUPLE, values);
    }

    static Items of(Kind kind, List<Value> values) {
      return new Items(kind, values);
    }

    @Override
    public String type() {
      return kind == Kind.LIST ? "list" : "tuple";
    }
  }

  /// Whole numbers from `start` up to `stop`, without it.
  record Range(long start, long stop, long step) implements Sequence {
    @Override
    public List<Value> values() {
      return Ranges.values(this);
    }

    @Override
    public String type() {
      return "range";
    }

    @Override
    public long weight() {
      return 1 + (long) values().size();
    }
  }

  record Dict(Map<Value, Value> entries, long weight, int depth) implements Value {
    public Dict {
      entries = Collections.unmodifiableMap(entries);
      Work.checkSize(weight, depth);
    }

    /// @param entries in their order, must not change any more
    static Dict of(Map<Value, Value> entries) {
      return new Dict(
          entries,
          Sizes.weight(entries.keySet()) + Sizes.weight(entries.values()),
          Math.max(Sizes.depth(entries.keySet()), Sizes.depth(entries.values())));
    }

    @Nullable Value find(String key) {
      return entries.get(new Text(key));
    }

    @Override
    public boolean truth() {
      return !entries.isEmpty();
    }

    @Override
    public String type() {
      return "dict";
    }
  }

  /// What `keys()`, `values()` and `items()` of a dict give: has a length, but no places.
  record View(Kind kind, Dict dict, List<Value> values) implements Value {
    enum Kind {
      KEYS,
      VALUES,
      ITEMS
    }

    @Override
    public boolean truth() {
      return !values.isEmpty();
    }

    @Override
    public String type() {
      return "dict_" + kind.name().toLowerCase(java.util.Locale.ROOT);
    }

    @Override
    public long weight() {
      return dict.weight();
    }

    @Override
    public int depth() {
      return dict.depth() + 1;
    }
  }

  /// What `map`, `select` and their like give: can be read once, and has no length. Each is equal
  /// to itself only.
  final class Once implements Value {
    private final Iterator<Value> values;

    Once(Iterator<Value> values) {
      this.values = values;
    }

    Iterator<Value> values() {
      return values;
    }

    @Override
    public boolean truth() {
      return true;
    }

    @Override
    public String type() {
      return "generator";
    }
  }

  /// What is not there. All of these are equal.
  ///
  /// @param owner what lacks it; null if it is a variable
  /// @param complaint a sentence that says more; null if there is nothing more to say
  record Undefined(String name, @Nullable Value owner, @Nullable String complaint)
      implements Value {
    static Undefined variable(String name) {
      return new Undefined(name, null, null);
    }

    static Undefined because(String complaint) {
      return new Undefined("", null, complaint);
    }

    Failure failure() {
      if (complaint != null) {
        return new Failure(complaint);
      }
      return owner == null
          ? Failure.of("'%s' is not defined", name)
          : Failure.of("a value of type %s has no '%s'", owner.type(), name);
    }

    @Override
    public boolean truth() {
      return false;
    }

    @Override
    public String type() {
      return "Undefined";
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Undefined;
    }

    @Override
    public int hashCode() {
      return 0;
    }
  }

  /// An object with attributes and identity.
  non-sealed interface Opaque extends Value {
    /// @return null if it has no such attribute
    @Nullable Value attribute(String name);

    @Override
    default boolean truth() {
      return true;
    }
  }

  /// What can be called.
  interface Function extends Opaque {
    Value call(Arguments arguments, Work work);

    @Override
    default @Nullable Value attribute(String name) {
      return null;
    }

    @Override
    default String type() {
      return "function";
    }
  }
}
