/// MoE layers as a service: another runtime sends hidden rows over Arrow Flight and gets back what
/// a layer makes of them, with its own gate or with the layer's.
///
/// ```
///   [LayerService] port -> [LayerHandler] -> [LayerExchange] one for each stream
///                                                  | batches, in order
///                                            [LayerWorkers] a few threads for all streams
///                                                  |
///                                            [LayerPass] options, gate, experts, reply
/// ```
@NullMarked
package io.moesaic.router.layer;

import org.jspecify.annotations.NullMarked;
