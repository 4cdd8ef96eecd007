"""Uses a Moesaic cluster for its MoE layers alone, with nothing but pyarrow and numpy.

A router is an Arrow Flight server: DoExchange takes the activations of a layer and gives back what
the layer makes of them. Who calls it may be its own gate (mode "experts") or leave that to the router
(mode "moe"). This script does both for the MoE layers of a Mixtral checkpoint and compares the results
with the recorded ones. Then it asks for a capacity factor of 0.5, and compares which choices were kept
with its own count.

    pip install numpy pyarrow
    deploy/moesaic dev -- python3 deploy/examples/flight_moe.py

On the wire:

    path            MODEL, LAYER             schema metadata  moesaic.mode: moe, or experts
    out   app_metadata  JSON, for instance {"capacity": {"factor": 0.5}, "return_kept": true}
          hidden FixedSizeList<float>[H]     and for experts: expert FixedSizeList<int32>[k],
                                             weight FixedSizeList<float>[k]
    back  app_metadata  JSON: offered, accepted, dropped, rerouted, kept
          hidden FixedSizeList<float>[H], the same rows
"""
import argparse
import json
import math
import os
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import flight

from flight_expert import Safetensors, list_column, softmax

TOLERANCE = 1e-4
MODEL = Path(__file__).resolve().parent.parent / "models" / "moesaic-demo"
CAPACITY = {"factor": 0.5, "rule": "megatron", "priority": "position", "overflow": "drop",
            "renormalize": "never"}


def main():
    args = arguments()
    expected = Safetensors(args.expected)
    checkpoint = Safetensors(args.model / "model.safetensors")
    layers = sum(f"hidden_in.{layer}" in expected for layer in range(1000))
    print("LAYER  MODE EXPERTS  MODE MOE  KEPT AT 0.5")
    passed = layers > 0
    with flight.connect(args.flight) as client:
        name = args.name or served_model(client)
        for layer in range(layers):
            hidden = expected[f"hidden_in.{layer}"]                                  # [rows, H]
            output = expected[f"hidden_out.{layer}"]                                 # [rows, H]
            gate = checkpoint[f"model.layers.{layer}.block_sparse_moe.gate.weight"]  # [experts, H]
            chosen, weights = route(hidden @ gate.T, expected[f"topk_index.{layer}"].shape[1])
            given, _ = ask(client, name, layer, "experts", hidden, chosen, weights)
            gated, _ = ask(client, name, layer, "moe", hidden)
            errors = [float(np.abs(y - output).max()) for y in (given, gated)]
            _, reply = ask(client, name, layer, "moe", hidden,
                           options={"capacity": CAPACITY, "return_kept": True})
            same = [sorted(row) for row in reply["kept"]] == kept_by_position(chosen, len(gate))
            print(f"{layer:<5}  {errors[0]:.2e}      {errors[1]:.2e}  {reply['accepted']} of "
                  f"{reply['offered']}, {'equal' if same else 'NOT equal'}")
            passed = passed and max(errors) <= args.tolerance and same
    print(f"{'equal' if passed else 'NOT equal'} within {args.tolerance:g}")
    return 0 if passed else 1


def arguments():
    parser = argparse.ArgumentParser(description="Uses a router's MoE layers over Arrow Flight.")
    parser.add_argument("--flight", default=os.environ.get("MOESAIC_FLIGHT"),
                        help="address of the router, grpc://HOST:PORT; default: $MOESAIC_FLIGHT")
    parser.add_argument("--model", type=Path, default=MODEL, help="directory of the checkpoint")
    parser.add_argument("--name", help="the model's name at the router; default: the one it serves")
    parser.add_argument("--expected", type=Path,
                        help="recorded inputs and outputs; default: expected.safetensors of the model")
    parser.add_argument("--tolerance", type=float, default=TOLERANCE)
    args = parser.parse_args()
    if not args.flight:
        parser.error("which router? Give its address with --flight, or run under moesaic dev")
    args.expected = args.expected or args.model / "expected.safetensors"
    return args


def served_model(client):
    """The name of the model that the router serves."""
    return next(iter(client.list_flights())).descriptor.path[0].decode()


def route(scores, k):
    """Mixtral's rule: the best k experts of each row, and the softmax over their scores."""
    chosen = np.argsort(-scores, axis=1, kind="stable")[:, :k].astype(np.int32)
    return chosen, softmax(np.take_along_axis(scores, chosen, axis=1)).astype(np.float32)


def kept_by_position(chosen, experts):
    """Which choices fit when each expert takes ceil(0.5 rows k / experts), earlier rows first."""
    rows, k = chosen.shape
    capacity = math.ceil(rows * k / experts * CAPACITY["factor"])
    taken = np.zeros(experts, int)
    kept = []
    for row in chosen:
        kept.append([])
        for expert in row:
            if taken[expert] < capacity:
                taken[expert] += 1
                kept[-1].append(int(expert))
        kept[-1].sort()
    return kept


def ask(client, model, layer, mode, hidden, chosen=None, weights=None, options=None):
    """One batch of rows through a layer: its output [rows, H], and what the router tells of it."""
    columns = {"hidden": list_column(hidden, pa.float32())}
    if mode == "experts":
        columns["expert"] = list_column(chosen, pa.int32())
        columns["weight"] = list_column(weights, pa.float32())
    batch = pa.RecordBatch.from_pydict(columns, metadata={"moesaic.mode": mode})
    path = flight.FlightDescriptor.for_path(model, str(layer))
    writer, reader = client.do_exchange(path)
    with writer:
        writer.begin(batch.schema)
        writer.write_with_metadata(batch, json.dumps(options or {}).encode())
        reply = reader.read_chunk()
        writer.done_writing()
    return reply.data.column(0).to_numpy_ndarray(), json.loads(reply.app_metadata.to_pybytes())


if __name__ == "__main__":
    sys.exit(main())
