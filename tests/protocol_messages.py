"""Open Inference Protocol bodies for tests, written apart from the code that they try."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any

from serin.protocol import Datatype
from serin.tensor import Tensor, pack, unpack


def json_request(tensors: Mapping[str, Tensor], **fields: Any) -> bytes:
    """An infer request with all elements in JSON, flat; ``fields`` stand beside its inputs."""
    inputs = [{**_described(name, tensor), "data": _plain(tensor)} for name, tensor in tensors.items()]
    return json.dumps({"inputs": inputs, **fields}, allow_nan=False).encode()


def binary_request(tensors: Mapping[str, Tensor], **fields: Any) -> tuple[bytes, int]:
    """An infer request with all elements in binary, and the length of its JSON part."""
    chunks = [_raw(tensor) for tensor in tensors.values()]
    inputs = [
        {**_described(name, tensor), "parameters": {"binary_data_size": len(chunk)}}
        for (name, tensor), chunk in zip(tensors.items(), chunks, strict=True)
    ]
    head = json.dumps({"inputs": inputs, **fields}).encode()
    return b"".join((head, *chunks)), len(head)


def read_response(body: bytes, json_length: int | None = None) -> dict[str, Tensor]:
    """The output tensors of an infer answer; ``json_length`` where binary ones follow the JSON part."""
    answer = json.loads(body[:json_length])
    offset = len(body) if json_length is None else json_length
    tensors = {}
    for output in answer["outputs"]:
        datatype, shape = Datatype(output["datatype"]), tuple(output["shape"])
        if "data" in output:
            tensors[output["name"]] = Tensor(datatype, shape, pack(datatype, output["data"]))
        else:
            size = output["parameters"]["binary_data_size"]
            tensors[output["name"]] = Tensor(datatype, shape, body[offset : offset + size])
            offset += size
    assert offset == len(body), "every byte belongs to an output"
    return tensors


def _described(name: str, tensor: Tensor) -> dict[str, Any]:
    return {"name": name, "shape": list(tensor.shape), "datatype": str(tensor.datatype)}


def _plain(tensor: Tensor) -> list[Any]:
    return [item.decode() if isinstance(item, bytes) else item for item in unpack(tensor)]


def _raw(tensor: Tensor) -> bytes:
    if isinstance(tensor.data, list):
        return b"".join(struct.pack("<I", len(item)) + item for item in tensor.data)
    return bytes(tensor.data)
