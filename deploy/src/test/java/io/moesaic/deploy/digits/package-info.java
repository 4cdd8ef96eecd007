@NullMarked
package io.moesaic.deploy.digits;

import org.jspecify.annotations.NullMarked;
