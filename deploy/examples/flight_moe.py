"""Uses the MoE layers of a Moesaic cluster from numpy, as another runtime would.

The router is an Arrow Flight server: DoExchange for the path [MODEL, LAYER] takes rows and gives
back what the layer makes of them. In mode "moe" the layer's own gate chooses the experts, in mode
"experts" the caller's. This script sends the recorded inputs of each layer of a Mixtral checkpoint
in both modes, compares with the recorded outputs, and compares what a capacity drops with numpy.

    pip install numpy pyarrow
    deploy/moesaic dev --experts 3 --http 0 -- python3 deploy/examples/flight_moe.py

On the wire:

    out   schema metadata  moesaic.mode = moe | experts
          app_metadata     JSON: request_id, policy, capacity, seed, return_kept; all may be absent
          columns          hidden FixedSizeList<float>[H]
                           mode experts: expert FixedSizeList<int32>[k], weight FixedSizeList<float>[k]
    back  app_metadata     JSON: request_id, offered, accepted, dropped, rerouted, kept
          columns          hidden FixedSizeList<float>[H], a row for each row, in the same order
"""
import argparse
import json
import os
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import flight

from flight_expert import MODEL, Safetensors, list_column, softmax

TOLERANCE = 1e-5
FACTOR = 0.5
CAPACITY = {"factor": FACTOR, "rule": "megatron", "priority": "position", "overflow": "drop",
            "renormalize": "never"}


def main():
    args = arguments()
    expected = Safetensors(args.expected)
    checkpoint = Safetensors(args.model / "model.safetensors")
    with flight.connect(args.flight) as client:
        sizes = describe(client)
        print(f"{sizes['layers']} layers of {sizes['experts']} experts, {sizes['k']} for each row, "
              f"up to {sizes['max_rows']} rows in a batch\n")
        print("layer  rows  moe      experts  dropped  kept")
        results = [check_layer(client, sizes, layer, checkpoint, expected, args.tolerance)
                   for layer in range(sizes["layers"])]
    print(f"\n{'equal' if all(results) else 'NOT equal'} within {args.tolerance:g}")
    return 0 if all(results) else 1


def arguments():
    parser = argparse.ArgumentParser(description="Checks the MoE layers of a router.")
    parser.add_argument("--flight", default=os.environ.get("MOESAIC_FLIGHT"),
                        help="address of the router, grpc://HOST:PORT; default: $MOESAIC_FLIGHT")
    parser.add_argument("--model", type=Path, default=MODEL, help="directory of the checkpoint")
    parser.add_argument("--expected", type=Path,
                        help="recorded inputs and outputs; default: expected.safetensors of the model")
    parser.add_argument("--tolerance", type=float, default=TOLERANCE, help="default: %(default)g")
    args = parser.parse_args()
    if not args.flight:
        parser.error("which router? Give its address with --flight, or run under moesaic dev")
    args.expected = args.expected or args.model / "expected.safetensors"
    return args


def describe(client):
    """Sizes, types and limits of the layers."""
    return json.loads(next(iter(client.do_action("describe"))).body.to_pybytes())


def check_layer(client, sizes, layer, checkpoint, expected, tolerance):
    """Prints a line of the table, and returns whether all of it is as it should be."""
    hidden, output = expected[f"hidden_in.{layer}"], expected[f"hidden_out.{layer}"]  # [rows, H]
    gate = checkpoint[f"model.layers.{layer}.block_sparse_moe.gate.weight"]           # [experts, H]
    chosen, weights = top_k(hidden @ gate.T, sizes["k"])                              # [rows, k]
    with LayerStream(client, sizes["model"], layer, "moe") as stream:
        by_layer, _ = stream.run(hidden)
        limited, told = stream.run(hidden, capacity=CAPACITY, return_kept=True)
    with LayerStream(client, sizes["model"], layer, "experts") as stream:
        by_caller, _ = stream.run(hidden, chosen, weights)
        limited_again, told_again = stream.run(hidden, chosen, weights, capacity=CAPACITY,
                                               return_kept=True)
    errors = [error(by_layer, output), error(by_caller, output), error(limited_again, limited)]
    kept = keep_by_position(chosen, sizes["experts"], FACTOR)
    same = told["kept"] == told_again["kept"] == kept
    print(f"{layer:5}  {len(hidden):4}  {errors[0]:.1e}  {errors[1]:.1e}  "
          f"{told['dropped']:3} of {told['offered']:3}  {'as numpy' if same else 'NOT as numpy'}")
    return same and max(errors) <= tolerance


def error(actual, expected):
    """The largest difference, as a part of the largest value."""
    return float(np.abs(actual - expected).max() / np.abs(expected).max())


def top_k(scores, k):
    """The k best experts of each row, the lower index among equals, and their softmax."""
    chosen = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return chosen.astype(np.int32), softmax(np.take_along_axis(scores, chosen, axis=1))


def keep_by_position(chosen, experts, factor):
    """Megatron's capacity: each expert takes its first ceil(rows * k / experts * factor) choices."""
    capacity = int(np.ceil(chosen.size / experts * factor))
    load = np.zeros(experts, int)
    kept = []
    for row in chosen.tolist():
        kept.append([])
        for expert in row:
            load[expert] += 1
            if load[expert] <= capacity:
                kept[-1].append(expert)
    return kept


class LayerStream:
    """One DoExchange stream to a layer, one batch at a time."""

    def __init__(self, client, model, layer, mode):
        path = flight.FlightDescriptor.for_path(model, str(layer))
        self.writer, self.reader = client.do_exchange(path)
        self.mode = mode
        self.schema = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.writer.close()

    def run(self, hidden, chosen=None, weights=None, **options):
        """The layer's output [rows, H], and what the reply's metadata tells."""
        columns = {"hidden": list_column(hidden, pa.float32())}
        if self.mode == "experts":
            columns["expert"] = list_column(chosen, pa.int32())
            columns["weight"] = list_column(weights, pa.float32())
        batch = pa.RecordBatch.from_arrays(list(columns.values()), list(columns))
        batch = batch.replace_schema_metadata({"moesaic.mode": self.mode})
        if self.schema is None:
            self.schema = batch.schema
            self.writer.begin(self.schema)
        self.writer.write_with_metadata(batch, json.dumps(options).encode())
        reply = self.reader.read_chunk()
        told = json.loads(reply.app_metadata.to_pybytes())
        return reply.data.column(0).to_numpy_ndarray(), told


if __name__ == "__main__":
    sys.exit(main())
