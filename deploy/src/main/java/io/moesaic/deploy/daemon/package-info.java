/// The life of a node as a process: it tells how far it is, serves until it is told to end, and
/// ends in order.
@NullMarked
package io.moesaic.deploy.daemon;

import org.jspecify.annotations.NullMarked;
