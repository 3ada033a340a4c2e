"""Small ONNX models, written straight as protobuf: what a generated graph needs, without the onnx package.

Source: onnx/onnx.proto (IR version 9); the numbers below are its field numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from serin.protocol import Datatype, TensorMetadata

_IR_VERSION: Final = 9
_OPSET: Final = 18

ELEMENT_TYPES: Final = {
    Datatype.FP32: 1,
    Datatype.UINT8: 2,
    Datatype.INT8: 3,
    Datatype.INT32: 6,
    Datatype.INT64: 7,
    Datatype.FP64: 11,
}
"""``TensorProto.DataType`` of the datatypes that graphs are generated for."""


class Node(NamedTuple):
    """One operator of the default domain. ``attributes``: integers and lists of integers."""

    operator: str
    inputs: Sequence[str]
    output: str
    attributes: Mapping[str, int | Sequence[int]] = {}


class Constant(NamedTuple):
    """A tensor that the model carries. ``data``: row-major, little-endian."""

    datatype: Datatype
    shape: Sequence[int]
    data: bytes


def encode_model(
    nodes: Iterable[Node],
    inputs: Iterable[TensorMetadata],
    outputs: Iterable[TensorMetadata],
    constants: Mapping[str, Constant],
) -> bytes:
    """A ``ModelProto``. ``nodes`` in an order in which each finds its inputs; axes of -1 are dynamic."""
    graph = (
        b"".join(_message(1, _node(node)) for node in nodes)
        + _text(2, "serin")
        + b"".join(_message(5, _constant(name, constant)) for name, constant in constants.items())
        + b"".join(_message(11, _value_info(tensor)) for tensor in inputs)
        + b"".join(_message(12, _value_info(tensor)) for tensor in outputs)
    )
    return _number(1, _IR_VERSION) + _message(7, graph) + _message(8, _number(2, _OPSET))


def _node(node: Node) -> bytes:
    return (
        b"".join(_text(1, name) for name in node.inputs)
        + _text(2, node.output)
        + _text(4, node.operator)
        + b"".join(_message(5, _attribute(name, value)) for name, value in node.attributes.items())
    )


def _attribute(name: str, value: int | Sequence[int]) -> bytes:
    if isinstance(value, int):
        return _text(1, name) + _number(3, value) + _number(20, 2)  # AttributeProto.INT
    return _text(1, name) + b"".join(_number(8, item) for item in value) + _number(20, 7)  # AttributeProto.INTS


def _constant(name: str, constant: Constant) -> bytes:
    """A ``TensorProto`` with ``raw_data``."""
    shape = b"".join(_number(1, axis) for axis in constant.shape)
    return shape + _number(2, ELEMENT_TYPES[constant.datatype]) + _text(8, name) + _message(9, constant.data)


def _value_info(tensor: TensorMetadata) -> bytes:
    shape = b"".join(_message(1, b"" if axis == -1 else _number(1, axis)) for axis in tensor.shape)
    tensor_type = _number(1, ELEMENT_TYPES[tensor.datatype]) + _message(2, shape)
    return _text(1, tensor.name) + _message(2, _message(1, tensor_type))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _text(field: int, value: str) -> bytes:
    return _message(field, value.encode())


def _message(field: int, value: bytes) -> bytes:
    """A length-delimited field: message, text or bytes."""
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    """Base 128, least significant group first. ``value`` is not negative: no generated graph needs such a one."""
    groups = bytearray()
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    groups.append(value)
    return bytes(groups)
