/// Feed-forward blocks: what an expert computes, and where a checkpoint keeps its weights.
@NullMarked
package io.moesaic.tensor.ffn;

import org.jspecify.annotations.NullMarked;
