@NullMarked
package io.moesaic.deploy.spelling;

import org.jspecify.annotations.NullMarked;
