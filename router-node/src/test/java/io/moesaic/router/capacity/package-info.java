@NullMarked
package io.moesaic.router.capacity;

import org.jspecify.annotations.NullMarked;
