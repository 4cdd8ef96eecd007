/// Running experts: the seam behind which a processor does the arithmetic, and the processors.
/// Knows no network, no router and no deadline.
@NullMarked
package io.moesaic.expert.exec;

import org.jspecify.annotations.NullMarked;
