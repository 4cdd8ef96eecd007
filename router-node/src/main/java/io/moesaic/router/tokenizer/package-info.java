/// Between text and tokens: encoding, exact text from a growing sequence, stop strings, and a
/// model's chat template. Knows nothing else of the router.
@NullMarked
package io.moesaic.router.tokenizer;

import org.jspecify.annotations.NullMarked;
