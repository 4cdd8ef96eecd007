@NullMarked
package io.moesaic.router.engine;

import org.jspecify.annotations.NullMarked;
