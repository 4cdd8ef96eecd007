@NullMarked
package io.moesaic.router.gate;

import org.jspecify.annotations.NullMarked;
