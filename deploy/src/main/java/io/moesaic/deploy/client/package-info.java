/// The client side of the HTTP API.
@NullMarked
package io.moesaic.deploy.client;

import org.jspecify.annotations.NullMarked;
