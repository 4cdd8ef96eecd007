/// The engine: one thread that owns all sequences and advances them together, step by step:
/// schedule, forward, sample, publish.
@NullMarked
package io.moesaic.router.engine;

import org.jspecify.annotations.NullMarked;
