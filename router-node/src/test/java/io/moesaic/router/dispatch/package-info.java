@NullMarked
package io.moesaic.router.dispatch;

import org.jspecify.annotations.NullMarked;
