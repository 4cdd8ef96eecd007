/// Tuning of the capacity factor: what limits on experts cost in quality and save in load, measured
/// on text.
@NullMarked
package io.moesaic.deploy.tune;

import org.jspecify.annotations.NullMarked;
