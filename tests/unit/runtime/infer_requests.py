"""Infer requests with one input, right and wrong, and how they are read."""

from __future__ import annotations

import json
from typing import Any, Final

from serin.codecs import Envelope, read_envelope, read_tensors
from serin.tensor import Tensor
from tests.small_models import SmallModel

INPUT: Final = {"name": "x", "datatype": "FP32", "shape": [1, 2], "data": [1.5, 2.5]}
MAX_ROWS: Final = 10


def with_input(**changes: Any) -> bytes:
    """A request whose only input is ``INPUT``, changed; ``...`` takes a key out."""
    changed = {key: value for key, value in (INPUT | changes).items() if value is not ...}
    return json.dumps({"inputs": [changed]}).encode()


def with_binary_input(chunk: bytes = bytes(8), **changes: Any) -> tuple[bytes, int]:
    """The same with the elements in binary, and the length of its JSON part."""
    head = with_input(**{"parameters": {"binary_data_size": len(chunk)}, "data": ...} | changes)
    return head + chunk, len(head)


def envelope(body: bytes, length: int | None = None) -> Envelope:
    return read_envelope(body, None if length is None else str(length))


def read(model: SmallModel, body: bytes, length: int | None = None) -> dict[str, Tensor]:
    return read_tensors(envelope(body, length), model.inputs, MAX_ROWS)
