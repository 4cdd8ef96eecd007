/// What an expert node counts.
@NullMarked
package io.moesaic.expert.metrics;

import org.jspecify.annotations.NullMarked;
