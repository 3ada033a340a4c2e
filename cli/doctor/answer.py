"""What the model answered to a predict request, as far as the checks ask."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec


@dataclass(frozen=True, slots=True)
class Answered:
    """``refused``: why there is no answer, empty where there is one. ``late``: that it was for want of time.

    ``bytes_a_row``: of the longest prediction, in JSON.
    """

    refused: str = ""
    late: bool = False
    bytes_a_row: int = 0


class _Answer(msgspec.Struct):
    predictions: list[msgspec.Raw]


class _Error(msgspec.Struct):
    error: str
    code: str


def read(status: int, body: bytes) -> Answered:
    """From a response's status and body."""
    try:
        if status == 200:
            return Answered(bytes_a_row=max(len(row) for row in msgspec.json.decode(body, type=_Answer).predictions))
        error = msgspec.json.decode(body, type=_Error)
    except (msgspec.DecodeError, ValueError):
        return Answered(f"HTTP {status} that cannot be read")
    return Answered(f"{error.error} [{status} {error.code}]", late=status == 504)
