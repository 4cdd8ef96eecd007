/// The router node: everything that a request touches but the experts.
@NullMarked
package io.moesaic.router;

import org.jspecify.annotations.NullMarked;
