@NullMarked
package io.moesaic.tensor.kernel;

import org.jspecify.annotations.NullMarked;
