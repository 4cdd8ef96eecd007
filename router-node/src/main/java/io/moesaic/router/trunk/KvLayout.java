package io.moesaic.router.trunk;

/// What a position keeps in a [KvPool].
///
/// @param layers of attention
/// @param heads key-value heads of each layer
/// @param keyWidth floats of a head's key
/// @param valueWidth floats of a head's value; 0 when values are made from the keys
record KvLayout(int layers, int heads, int keyWidth, int valueWidth) {}
