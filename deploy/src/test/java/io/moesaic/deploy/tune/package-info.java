@NullMarked
package io.moesaic.deploy.tune;

import org.jspecify.annotations.NullMarked;
