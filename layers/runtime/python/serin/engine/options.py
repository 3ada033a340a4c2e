"""How sessions run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from serin.engine.c_api import LOG_FATAL_ONLY
from serin.engine.handle import Handle
from serin.engine.library import API
from serin.engine.status import check, made


class EngineOptions(msgspec.Struct, frozen=True):
    """``threads``: intra-op threads of one run, at least 1."""

    threads: int = 1


MAPPED: Final = {
    "session.use_memory_mapped_ort_model": "1",
    # The weights stay where they are, in the mapped file. Never together with `use_ort_model_bytes_directly`.
    "session.use_ort_model_bytes_for_initializers": "1",
}
"""Entries with which an ``.ort`` file is mapped rather than read."""


def session_options(options: EngineOptions, entries: Mapping[str, str], optimization: int | None = None) -> Handle:
    """Options for opening a model.

    Args:
        options: Threads.
        entries: Further configuration, by ONNX Runtime's keys.
        optimization: A ``GraphOptimizationLevel``; all, unless given.
    """
    handle = Handle(made(API.CreateSessionOptions), API.ReleaseSessionOptions)
    address = handle.address
    check(API.SetIntraOpNumThreads(address, options.threads))
    check(API.SetInterOpNumThreads(address, 1))
    check(API.SetSessionLogSeverityLevel(address, LOG_FATAL_ONLY))
    # Without the arena, memory that one large request took goes back at its end.
    check(API.DisableCpuMemArena(address))
    if optimization is not None:
        check(API.SetSessionGraphOptimizationLevel(address, optimization))
    for key, value in ({"session.intra_op.allow_spinning": "0"} | dict(entries)).items():
        check(API.AddSessionConfigEntry(address, key.encode(), value.encode()))
    return handle
