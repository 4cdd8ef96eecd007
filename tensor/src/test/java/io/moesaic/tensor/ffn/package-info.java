@NullMarked
package io.moesaic.tensor.ffn;

import org.jspecify.annotations.NullMarked;
