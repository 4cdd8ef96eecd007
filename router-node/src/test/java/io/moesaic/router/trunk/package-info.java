@NullMarked
package io.moesaic.router.trunk;

import org.jspecify.annotations.NullMarked;
