package io.moesaic.expert.batch;

import io.moesaic.expert.exec.LoadedExpert;

/// A row of a request that goes to an expert.
///
/// @param row counted within the request
public record Slot(int row, LoadedExpert expert) {}
