/// What a model is and what it takes to serve it, told from its `config.json` and the headers of
/// its weights.
@NullMarked
package io.moesaic.deploy.inspect;

import org.jspecify.annotations.NullMarked;
