@NullMarked
package io.moesaic.router.plan;

import org.jspecify.annotations.NullMarked;
