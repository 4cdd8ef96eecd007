@NullMarked
package io.moesaic.expert.batch;

import org.jspecify.annotations.NullMarked;
