"""Talks to a Moesaic expert node with nothing but pyarrow and numpy.

An expert node is an Arrow Flight server: DoExchange takes batches of token rows for a layer and
gives back what its experts make of them. This script plays the router for the MoE layers of a
checkpoint: it sends the recorded inputs of each layer, weights and sums the experts' outputs as the
gate says, and compares the result with the recorded outputs.

    pip install numpy pyarrow
    deploy/moesaic dev --experts 1 --http 0 -- python3 deploy/examples/flight_expert.py

On the wire (proto/src/main/proto/moesaic/v1/dispatch.proto):

    out   app_metadata  DispatchHeader      hidden FixedSizeList<float>[H], expert FixedSizeList<int32>[k]
    back  app_metadata  ReplyHeader         hidden FixedSizeList<float>[H], a row for each (row, expert)
"""
import argparse
import json
import os
import struct
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import flight

TOLERANCE = 1e-4
MODEL = Path(__file__).resolve().parent.parent / "models" / "moesaic-demo"


def main():
    args = arguments()
    expected = Safetensors(args.expected)
    checkpoint = Safetensors(args.model / "model.safetensors")
    worst = 0.0
    with flight.connect(args.flight) as client, ExpertStream(client, args.model.name) as experts:
        layer = 0
        while f"hidden_in.{layer}" in expected:
            error = check_layer(experts, layer, checkpoint, expected)
            print(f"layer {layer}: largest error {error:.2e}")
            worst = max(worst, error)
            layer += 1
    if layer == 0:
        sys.exit(f"{args.expected} holds no hidden_in.0")
    equal = worst <= TOLERANCE
    print(f"{'equal' if equal else 'NOT equal'} within {TOLERANCE:g}")
    return 0 if equal else 1


def arguments():
    parser = argparse.ArgumentParser(description="Checks an expert node over Arrow Flight.")
    parser.add_argument("--flight", default=os.environ.get("MOESAIC_EXPERT_FLIGHT"),
                        help="address of the node, grpc://HOST:PORT; default: $MOESAIC_EXPERT_FLIGHT")
    parser.add_argument("--model", type=Path, default=MODEL, help="directory of the checkpoint")
    parser.add_argument("--expected", type=Path,
                        help="recorded inputs and outputs; default: expected.safetensors of the model")
    args = parser.parse_args()
    if not args.flight:
        parser.error("which node? Give its address with --flight, or run under moesaic dev")
    args.expected = args.expected or args.model / "expected.safetensors"
    return args


def check_layer(experts, layer, checkpoint, expected):
    """The largest difference between the layer's output through the node and the recorded one."""
    hidden = expected[f"hidden_in.{layer}"]                                      # [rows, H]
    chosen = expected[f"topk_index.{layer}"].astype(np.int32)                    # [rows, k]
    gate = checkpoint[f"model.layers.{layer}.block_sparse_moe.gate.weight"]      # [experts, H]
    scores = np.take_along_axis(hidden @ gate.T, chosen, axis=1)                 # [rows, k]
    weights = softmax(scores)
    outputs = experts.run(layer, hidden, chosen).reshape(*chosen.shape, -1)      # [rows, k, H]
    combined = (weights[..., None] * outputs).sum(axis=1)                        # [rows, H]
    return float(np.abs(combined - expected[f"hidden_out.{layer}"]).max())


def softmax(scores):
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


class ExpertStream:
    """One DoExchange stream to an expert node, one request at a time."""

    def __init__(self, client, model):
        self.writer, self.reader = client.do_exchange(flight.FlightDescriptor.for_path(model))
        self.schema = None
        self.requests = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.writer.close()

    def run(self, layer, hidden, chosen):
        """The output of each row's experts, [rows * k, H]: rows first, then ranks."""
        columns = [list_column(hidden, pa.float32()), list_column(chosen, pa.int32())]
        batch = pa.RecordBatch.from_arrays(columns, ["hidden", "expert"])
        if self.schema is None:
            self.schema = batch.schema
            self.writer.begin(self.schema)
        self.requests += 1
        self.writer.write_with_metadata(batch, dispatch_header(self.requests, layer))
        reply = self.reader.read_chunk()
        code, message = reply_status(reply.app_metadata.to_pybytes())
        if code != 0:
            sys.exit(f"the node refused layer {layer} (code {code}): {message}\n"
                     "It must host all experts of the layer: moesaic dev --experts 1")
        return reply.data.column(0).to_numpy_ndarray()


def list_column(rows, item_type):
    """A matrix as a column of fixed-size lists, without a copy."""
    values = pa.array(np.ascontiguousarray(rows).reshape(-1), item_type)
    return pa.FixedSizeListArray.from_arrays(values, rows.shape[1])


def dispatch_header(request_id, layer):
    """moesaic.v1.DispatchHeader: fixed64 request_id = 1, uint32 layer = 2."""
    return b"\x09" + struct.pack("<Q", request_id) + b"\x10" + varint(layer)


def varint(number):
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(encoded + bytes([number]))


def reply_status(header):
    """moesaic.v1.ReplyHeader: int32 code = 2, string message = 3; other fields are passed over."""
    fields, at = {}, 0

    def read_varint():
        nonlocal at
        number = shift = 0
        while True:
            byte = header[at]
            at += 1
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return number

    while at < len(header):
        tag = read_varint()
        field, wire_type = tag >> 3, tag & 7
        if wire_type == 0:
            fields[field] = read_varint()
        elif wire_type == 1:
            at += 8
        else:
            length = read_varint()
            fields[field] = header[at:at + length]
            at += length
    return fields.get(2, 0), fields.get(3, b"").decode()


class Safetensors:
    """The tensors of a file, as numpy arrays; bfloat16 becomes float32."""

    DTYPES = {"F32": np.float32, "F16": np.float16, "BF16": np.uint16, "I64": np.int64}

    def __init__(self, path):
        self.data = np.memmap(path, np.uint8, "r")
        length = int(self.data[:8].view("<u8")[0])
        self.header = json.loads(self.data[8:8 + length].tobytes())
        self.start = 8 + length

    def __contains__(self, name):
        return name in self.header

    def __getitem__(self, name):
        entry = self.header[name]
        begin, end = (self.start + offset for offset in entry["data_offsets"])
        values = np.frombuffer(self.data[begin:end].tobytes(), self.DTYPES[entry["dtype"]])
        if entry["dtype"] == "BF16":
            values = (values.astype(np.uint32) << 16).view(np.float32)
        return values.reshape(entry["shape"])


if __name__ == "__main__":
    sys.exit(main())
