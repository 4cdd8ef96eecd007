@NullMarked
package io.moesaic.deploy.client;

import org.jspecify.annotations.NullMarked;
