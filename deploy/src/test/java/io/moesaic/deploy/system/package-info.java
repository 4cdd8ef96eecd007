/// Tests of whole clusters: real processes, real sockets, the bundled model.
@NullMarked
package io.moesaic.deploy.system;

import org.jspecify.annotations.NullMarked;
