package io.moesaic.tensor.kernel;

/// 64 output columns of a weight matrix that stays quantized in memory. It is multiplied by
/// widening some of its lines at a time to a [Panel] of float32, which stays in a cache: so
/// products have the bits of the same weights widened beforehand, and the tiles know one kind of
/// weight less.
///
/// ```
///   block of inputs   | scales of 64 columns | 64 x int | 64 x int | ...
///                                              codes of the first few inputs, one int for each
///                                              column, the first code in its lowest bits
/// ```
public sealed interface QuantizedPanel extends WeightPanel permits Mxfp4Panel, Fp8Panel {
  /// Bytes of the codes of a few inputs, for all columns.
  int GROUP_BYTES = Panel.COLUMNS * Integer.BYTES;

  /// How many lines there are: the length of the dot products.
  int k();

  /// The weight from input `k` to output column `n`.
  float get(int k, int n);
}
