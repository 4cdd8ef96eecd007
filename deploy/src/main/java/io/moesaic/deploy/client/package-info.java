/// The client side of the HTTP API, and of the layers that a router serves over Arrow Flight.
@NullMarked
package io.moesaic.deploy.client;

import org.jspecify.annotations.NullMarked;
