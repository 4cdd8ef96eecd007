/// The `moesaic` command: what it takes, what it prints, how it fails.
@NullMarked
package io.moesaic.deploy.cli;

import org.jspecify.annotations.NullMarked;
