package io.moesaic.deploy.dev;

import io.moesaic.deploy.daemon.Endpoints;
import io.moesaic.deploy.daemon.NodeRole;

/// A node of a local cluster at one moment.
///
/// @param heldExperts (layer, expert) pairs that it hosts; 0 for a router, and unless it is ready
/// @param memoryBytes memory of its weights; 0 unless it is ready
/// @param pid the process that it lives in
public record NodeStatus(
    String name,
    NodeRole role,
    NodeState state,
    Endpoints endpoints,
    int heldExperts,
    long memoryBytes,
    long pid) {}
