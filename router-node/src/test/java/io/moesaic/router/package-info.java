@NullMarked
package io.moesaic.router;

import org.jspecify.annotations.NullMarked;
