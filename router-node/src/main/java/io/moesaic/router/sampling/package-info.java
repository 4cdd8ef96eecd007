/// From logits to a token: temperature, truncation, penalties, and the random numbers, which depend
/// on a request's seed and the token's position only.
@NullMarked
package io.moesaic.router.sampling;

import org.jspecify.annotations.NullMarked;
