@NullMarked
package io.moesaic.deploy.daemon;

import org.jspecify.annotations.NullMarked;
