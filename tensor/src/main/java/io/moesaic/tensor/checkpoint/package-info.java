/// Models on disk: safetensors files, their index, `config.json`. Everything read is checked, and
/// only the byte ranges asked for are touched.
@NullMarked
package io.moesaic.tensor.checkpoint;

import org.jspecify.annotations.NullMarked;
