/// Reading JSON from outside: requests, policies, limits.
@NullMarked
package io.moesaic.router.json;

import org.jspecify.annotations.NullMarked;
