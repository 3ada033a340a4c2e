"""How sessions run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

from serin.engine.c_api import LOG_FATAL_ONLY, OPTIMIZE_ALL
from serin.engine.handle import Handle
from serin.engine.library import API
from serin.engine.status import check, made


class EngineOptions(msgspec.Struct, frozen=True):
    """``threads``: intra-op threads of one run, at least 1."""

    threads: int = 1


_EVERY_SESSION: Final = {"session.intra_op.allow_spinning": "0"}
MAPPED: Final = {
    "session.use_memory_mapped_ort_model": "1",
    # The weights stay where they are, in the mapped file. Never together with `use_ort_model_bytes_directly`.
    "session.use_ort_model_bytes_for_initializers": "1",
}
"""Entries with which an ``.ort`` file is mapped rather than read."""


class Opening(NamedTuple):
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
