@NullMarked
package io.moesaic.tensor.checkpoint;

import org.jspecify.annotations.NullMarked;
