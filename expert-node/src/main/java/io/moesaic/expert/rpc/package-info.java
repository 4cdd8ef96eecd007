/// The node on the network: token batches over Flight's DoExchange, what the node tells of itself,
/// health and reflection. Everything from outside is checked here; nothing is computed here.
@NullMarked
package io.moesaic.expert.rpc;

import org.jspecify.annotations.NullMarked;
