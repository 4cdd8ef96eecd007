/// The experts that a node hosts: which they are, and their way from the checkpoint into memory.
@NullMarked
package io.moesaic.expert.store;

import org.jspecify.annotations.NullMarked;
