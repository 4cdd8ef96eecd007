@NullMarked
package io.moesaic.router.placement;

import org.jspecify.annotations.NullMarked;
