/// The MoE block of a router: gate, plan, dispatch, combine.
@NullMarked
package io.moesaic.router.moe;

import org.jspecify.annotations.NullMarked;
