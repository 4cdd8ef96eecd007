/// From single requests to runs of the backend: a bounded queue, and one thread that groups what is
/// queued by layer and expert. Knows no network.
///
/// ```
///   event loops --offer--> RequestQueue --take--> Batcher --Grouping--> ExpertBackend
///                                                    `--Outcome--> Requester
/// ```
@NullMarked
package io.moesaic.expert.batch;

import org.jspecify.annotations.NullMarked;
