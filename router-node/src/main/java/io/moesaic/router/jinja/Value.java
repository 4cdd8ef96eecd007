package io.moesaic.router.jinja;

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
sealed interface Value
    permits Numeric,
        Value.None,
        Value.Text,
        Value.Sequence,
        Value.Dict,
        Value.View,
        Value.Once,
        Value.Undefined,
        Value.Opaque {
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

  /// Comparable for the sake of hash tables, which texts of equal hashes would else make slow.
  record Text(String content) implements Value, Comparable<Text> {
    static final Text EMPTY = new Text("");

    @Override
    public int compareTo(Text other) {
      return Characters.compare(content, other.content);
    }

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
      return 1L + content.length();
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
      Work.checkItems(values.size());
      Work.checkSize(weight, depth);
      values = Collections.unmodifiableList(values);
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
  record View(Part part, Dict dict, List<Value> values) implements Value {
    enum Part {
      KEYS("keys"),
      VALUES("values"),
      ITEMS("items");

      private final String method;

      Part(String method) {
        this.method = method;
      }

      /// That gives such a view.
      String method() {
        return method;
      }
    }

    @Override
    public boolean truth() {
      return !values.isEmpty();
    }

    @Override
    public String type() {
      return "dict_" + part.method();
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
