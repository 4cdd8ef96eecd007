package io.moesaic.expert.exec;

/// Backends of one class compute the same bits from the same input, so nodes of one class can be
/// each other's replicas.
///
/// @param name such as `java`: float32 chains of fused multiply-adds, k ascending, our own `exp`
public record ArithmeticClass(String name) {
  public static final ArithmeticClass JAVA = new ArithmeticClass("java");

  @Override
  public String toString() {
    return name;
  }
}
