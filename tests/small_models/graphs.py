"""ONNX graphs from nodes and named tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from onnx import GraphProto, NodeProto, TensorProto, ValueInfoProto, helper

from serin.protocol import Datatype, TensorMetadata

OPSET: Final = 21
IR_VERSION: Final = 10

ELEMENT_TYPES: Final[dict[Datatype, int]] = {
    Datatype.BOOL: TensorProto.BOOL,
    Datatype.UINT8: TensorProto.UINT8,
    Datatype.UINT16: TensorProto.UINT16,
    Datatype.UINT32: TensorProto.UINT32,
    Datatype.UINT64: TensorProto.UINT64,
    Datatype.INT8: TensorProto.INT8,
    Datatype.INT16: TensorProto.INT16,
    Datatype.INT32: TensorProto.INT32,
    Datatype.INT64: TensorProto.INT64,
    Datatype.FP16: TensorProto.FLOAT16,
    Datatype.FP32: TensorProto.FLOAT,
    Datatype.FP64: TensorProto.DOUBLE,
    Datatype.BF16: TensorProto.BFLOAT16,
    Datatype.BYTES: TensorProto.STRING,
}


def tensor(name: str, datatype: Datatype, *shape: int) -> TensorMetadata:
    """A graph's input or output; ``-1`` for a dynamic axis."""
    return TensorMetadata(name=name, datatype=datatype, shape=shape)


def graph(
    nodes: Sequence[NodeProto],
    inputs: Sequence[TensorMetadata],
    outputs: Sequence[TensorMetadata],
    constants: Sequence[TensorProto] = (),
) -> GraphProto:
    """A graph, also one to be the body of another."""
    return helper.make_graph(nodes, "graph", [*map(_value, inputs)], [*map(_value, outputs)], [*constants])


def serialized(graph: GraphProto) -> bytes:
    """A model file's bytes."""
    opsets = [helper.make_opsetid("", OPSET)]
    data: bytes = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION).SerializeToString()
    return data


def _value(metadata: TensorMetadata) -> ValueInfoProto:
    axes = [None if axis == -1 else axis for axis in metadata.shape]
    return helper.make_tensor_value_info(metadata.name, ELEMENT_TYPES[metadata.datatype], axes)
