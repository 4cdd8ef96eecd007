/// Everything of a model but its experts: embeddings, attention with its cache of keys and values,
/// norms and the head. Knows no network and no requests; asks a [io.moesaic.router.trunk.MoeLayer]
/// for the rest.
@NullMarked
package io.moesaic.router.trunk;

import org.jspecify.annotations.NullMarked;
