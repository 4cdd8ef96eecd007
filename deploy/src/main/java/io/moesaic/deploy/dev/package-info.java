/// Clusters on this machine, for trying things out, for experiments and for tests.
@NullMarked
package io.moesaic.deploy.dev;

import org.jspecify.annotations.NullMarked;
