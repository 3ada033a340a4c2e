"""Ownership of what ONNX Runtime makes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Handle:
    """One object of ONNX Runtime, released once, when nothing in Python refers to this any more.

    Whoever passes ``address`` to a function keeps a reference to the handle until that function has returned.
    """

    __slots__ = ("_release", "address")

    def __init__(self, address: int, release: Callable[[int], Any]) -> None:
        self.address = address
        self._release = release

    def __del__(self) -> None:
        self._release(self.address)
