@NullMarked
package io.moesaic.expert;

import org.jspecify.annotations.NullMarked;
