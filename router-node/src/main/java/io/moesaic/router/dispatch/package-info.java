/// Dispatch: the connections to the expert nodes, and the batches in flight on them. Knows no model
/// and no arithmetic.
@NullMarked
package io.moesaic.router.dispatch;

import org.jspecify.annotations.NullMarked;
