"""What ONNX Runtime's functions report, as exceptions."""

from __future__ import annotations

from collections.abc import Callable
from ctypes import byref, c_void_p
from typing import Any

from serin.engine.library import API


class RuntimeFailure(Exception):
    """A call failed. The text is ONNX Runtime's own, may quote the model and the input, and never goes to a client."""


def check(status: int | None) -> None:
    """Release ``status``, an ``OrtStatus*``.

    Raises:
        RuntimeFailure: it was not success.
    """
    if status is None:
        return
    try:
        text = API.GetErrorMessage(status)
    finally:
        API.ReleaseStatus(status)
    raise RuntimeFailure(text.decode(errors="replace"))


def made(create: Callable[..., Any], *arguments: Any) -> int:
    """What a function makes and writes to its last argument: an address, never null.

    Raises:
        RuntimeFailure: the call failed.
    """
    result = c_void_p()
    check(create(*arguments, byref(result)))
    if result.value is None:
        raise RuntimeFailure("a call that succeeded made nothing")
    return result.value
