@NullMarked
package io.moesaic.router.json;

import org.jspecify.annotations.NullMarked;
