@NullMarked
package io.moesaic.router.sampling;

import org.jspecify.annotations.NullMarked;
