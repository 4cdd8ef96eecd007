/// How token batches travel between nodes: plain Arrow Flight messages on one bidirectional gRPC
/// stream, through a codec of our own that keeps activations off the Java heap until they are
/// computed with. Every field of a message from outside is checked before it is used.
///
/// ```
///   DoExchange stream, router -> expert node       expert node -> router
///   | descriptor, schema |  once                   | schema |         once
///   | header, batch |       each dispatch          | header, batch |  each reply, in any order
/// ```
@NullMarked
package io.moesaic.wire;

import org.jspecify.annotations.NullMarked;
