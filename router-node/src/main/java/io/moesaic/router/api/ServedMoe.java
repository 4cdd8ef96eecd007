package io.moesaic.router.api;

import io.moesaic.router.capacity.CapacityPolicy;
import io.moesaic.router.capacity.LayerLoad;
import io.moesaic.router.capacity.LiveCapacity;
import io.moesaic.router.capacity.RequestCapacity;
import java.util.List;
import java.util.function.Supplier;

/// The MoE layers of the model behind the API.
///
/// @param layers that have experts
/// @param experts of each layer
/// @param ofModel the capacity that is a part of the model
/// @param capacity the operator's, which the API may replace
/// @param requests which capacities requests may bring
/// @param loads how each layer's experts have been loaded so far; asked by any thread
public record ServedMoe(
    int layers,
    int experts,
    CapacityPolicy ofModel,
    LiveCapacity capacity,
    RequestCapacity requests,
    Supplier<List<LayerLoad>> loads) {}
