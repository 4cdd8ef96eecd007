/// What somebody meant who misspelt a name.
@NullMarked
package io.moesaic.deploy.spelling;

import org.jspecify.annotations.NullMarked;
