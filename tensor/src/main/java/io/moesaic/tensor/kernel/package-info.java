/// The arithmetic: a scalar twin and a Vector API implementation of every kernel, equal bit for
/// bit.
@NullMarked
package io.moesaic.tensor.kernel;

import org.jspecify.annotations.NullMarked;
