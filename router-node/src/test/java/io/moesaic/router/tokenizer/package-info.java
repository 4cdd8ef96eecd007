@NullMarked
package io.moesaic.router.tokenizer;

import org.jspecify.annotations.NullMarked;
