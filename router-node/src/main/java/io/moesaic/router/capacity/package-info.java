/// Capacity: how many tokens an expert takes, and what becomes of the others.
@NullMarked
package io.moesaic.router.capacity;

import org.jspecify.annotations.NullMarked;
