package io.moesaic.router.api;

import io.moesaic.router.capacity.CapacityPolicy;
import io.moesaic.router.engine.MoeOptions;

/// What a request wants of the experts.
///
/// @param capacity in force when the request came: its own, or the operator's
record MoeRequest(MoeOptions options, CapacityPolicy capacity) {}
