package io.moesaic.tensor.kernel;

/// 64 output columns of a packed weight matrix.
sealed interface WeightPanel permits Panel, QuantizedPanel {}
