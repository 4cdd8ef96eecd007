@NullMarked
package io.moesaic.deploy.dev;

import org.jspecify.annotations.NullMarked;
