/// Gating: from a token's activation to its experts and their weights.
@NullMarked
package io.moesaic.router.gate;

import org.jspecify.annotations.NullMarked;
