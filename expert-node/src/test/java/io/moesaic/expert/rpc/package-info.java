@NullMarked
package io.moesaic.expert.rpc;

import org.jspecify.annotations.NullMarked;
