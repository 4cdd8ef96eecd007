@NullMarked
package io.moesaic.tensor;

import org.jspecify.annotations.NullMarked;
