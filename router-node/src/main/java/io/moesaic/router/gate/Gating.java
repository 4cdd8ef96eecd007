package io.moesaic.router.gate;

import io.moesaic.tensor.Matrix;

/// What a gate says of a batch of rows.
///
/// @param choices the experts of each row and their weights
/// @param scores `[rows, experts]`, not negative: the strength of every expert, chosen or not, from
///     which weights are made
/// @param preference `[rows, experts]`: the order in which a row would take experts; minus infinity
///     where it must not. Often the same as `scores`
public record Gating(Choices choices, Matrix scores, Matrix preference) {}
