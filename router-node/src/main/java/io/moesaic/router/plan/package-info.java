/// Planning: from choices and a placement to what each host is sent, and the way back.
@NullMarked
package io.moesaic.router.plan;

import org.jspecify.annotations.NullMarked;
