/// An expert node: it hosts a shard of a model's experts, receives token batches, groups them, runs
/// the experts and answers.
///
/// ```
///   rpc --> batch --> exec        store --> exec
/// ```
@NullMarked
package io.moesaic.expert;

import org.jspecify.annotations.NullMarked;
