/// Verification: a checkpoint run through a real cluster, against what the reference implementation
/// computed from it.
@NullMarked
package io.moesaic.deploy.verify;

import org.jspecify.annotations.NullMarked;
