/// The HTTP API, as OpenAI's clients speak it: requests are read and checked in full before any
/// work is asked of the engine, answers are sent whole or as server-sent events.
@NullMarked
package io.moesaic.router.api;

import org.jspecify.annotations.NullMarked;
