@NullMarked
package io.moesaic.router.moe;

import org.jspecify.annotations.NullMarked;
