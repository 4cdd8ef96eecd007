@NullMarked
package io.moesaic.deploy.cli;

import org.jspecify.annotations.NullMarked;
