@NullMarked
package io.moesaic.deploy.inspect;

import org.jspecify.annotations.NullMarked;
