/// An example that explains mixtures of experts: handwritten digits, told apart by the mixture of
/// Jacobs, Jordan, Nowlan and Hinton (Adaptive Mixtures of Local Experts, 1991), fitted with the
/// loss of that paper in plain Java, and written as a layer model that a cluster can serve.
///
/// Read [JacobsMixture] first, then [CompetitiveLoss]. Everything here is plain loops in one fixed
/// order, so the same data, recipe and seed give the same bytes on every machine.
@NullMarked
package io.moesaic.deploy.digits;

import org.jspecify.annotations.NullMarked;
