package io.moesaic.router.jinja;

import java.math.BigDecimal;
import org.jspecify.annotations.Nullable;

/// Numbers, of which those of different types may be equal. Truth values are numbers.
sealed interface Numeric extends Value {
  double real();

  static boolean equal(Numeric a, @Nullable Object other) {
    return other instanceof Numeric b && compare(a, b) == 0 && !Double.isNaN(a.real());
  }

  /// The exact order, with what is not a number above all.
  static int compare(Numeric a, Numeric b) {
    if (a instanceof Whole x && b instanceof Whole y) {
      return Long.compare(x.integer(), y.integer());
    }
    return Double.isFinite(a.real()) && Double.isFinite(b.real())
        ? exact(a).compareTo(exact(b))
        : Double.compare(a.real(), b.real());
  }

  private static BigDecimal exact(Numeric number) {
    return number instanceof Whole whole
        ? BigDecimal.valueOf(whole.integer())
        : new BigDecimal(number.real());
  }

  static int hash(Numeric number) {
    return Double.hashCode(number.real() + 0.0);
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
}
