@NullMarked
package io.moesaic.wire;

import org.jspecify.annotations.NullMarked;
