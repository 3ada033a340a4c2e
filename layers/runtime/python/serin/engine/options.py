"""How sessions run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

import msgspec

from serin.engine.c_api import LOG_FATAL_ONLY, OPTIMIZE_ALL
from serin.engine.handle import Handle
from serin.engine.library import API
from serin.engine.status import check, made


class EngineOptions(msgspec.Struct, frozen=True):
    """``threads``: intra-op threads of one run, at least 1."""

    threads: int = 1


_EVERY_SESSION: Final = {"session.intra_op.allow_spinning": "0"}
_MAPPED: Final = {
    "session.use_memory_mapped_ort_model": "1",
    # The weights stay where they are, in the mapped file. Never together with `use_ort_model_bytes_directly`.
    "session.use_ort_model_bytes_for_initializers": "1",
}
_UNPACKED: Final = {"session.disable_prepacking": "1"}
_PREPACKED_BYTES: Final = 1 << 20
_INTEGER_PRODUCTS: Final = (b"Integer", b"QLinear", b"QGemm", b"QuantizeMatMul", b"MatMulNBits", b"QAttention")
"""Parts of the names of operators that multiply quantised weights."""


def is_prepacked(artifact: bytes) -> bool:
    """Whether a mapped ``.ort`` model's weights are better copied into the order that products read them in.

    The copy takes about a millisecond and a megabyte for each megabyte of weights, before the first answer. It saves
    products of integers half of their time and more, products of many rows of floats a quarter, those of one row
    nothing. So it is made of small models, and of quantised ones.
    """
    return len(artifact) <= _PREPACKED_BYTES or any(name in artifact for name in _INTEGER_PRODUCTS)


def mapped(*, prepack: bool) -> dict[str, str]:
    """Entries with which an ``.ort`` file is mapped rather than read."""
    return _MAPPED if prepack else _MAPPED | _UNPACKED


class Opening(msgspec.Struct, frozen=True):
    """How one model is opened. ``entries``: further configuration, by ONNX Runtime's keys."""

    options: EngineOptions
    entries: Mapping[str, str]
    optimization: int = OPTIMIZE_ALL
    optimized_path: str | None = None
    """Where ONNX Runtime is to write the model as it has optimised it."""


def session_options(opening: Opening) -> Handle:
    """ONNX Runtime's object for it.

    Raises:
        RuntimeFailure: ONNX Runtime takes one of them for invalid.
    """
    handle = Handle(made(API.CreateSessionOptions), API.ReleaseSessionOptions)
    address = handle.address
    check(API.SetIntraOpNumThreads(address, opening.options.threads))
    check(API.SetInterOpNumThreads(address, 1))
    check(API.SetSessionLogSeverityLevel(address, LOG_FATAL_ONLY))
    # Without the arena, memory that one large request took goes back at its end.
    check(API.DisableCpuMemArena(address))
    check(API.SetSessionGraphOptimizationLevel(address, opening.optimization))
    if opening.optimized_path is not None:
        check(API.SetOptimizedModelFilePath(address, os.fsencode(opening.optimized_path)))
    for key, value in (_EVERY_SESSION | dict(opening.entries)).items():
        check(API.AddSessionConfigEntry(address, key.encode(), value.encode()))
    return handle
