@NullMarked
package io.moesaic.router.api;

import org.jspecify.annotations.NullMarked;
