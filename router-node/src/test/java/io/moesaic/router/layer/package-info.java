@NullMarked
package io.moesaic.router.layer;

import org.jspecify.annotations.NullMarked;
