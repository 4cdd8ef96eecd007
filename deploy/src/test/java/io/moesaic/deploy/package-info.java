@NullMarked
package io.moesaic.deploy;

import org.jspecify.annotations.NullMarked;
