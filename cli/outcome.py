"""How a command ends: an exit code that scripts can rely on, and one line for people when it is not 0."""

from __future__ import annotations

from enum import IntEnum
from typing import Self


class ExitCode(IntEnum):
    """What `serin` exits with. The numbers are stable."""

    meaning: str

    def __new__(cls, value: int, meaning: str) -> Self:
        member = int.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member

    OK = 0, "done"
    REFUSED = 1, "a model folder or a request was refused; the line on stderr says why"
    USAGE = 2, "the command was called wrongly, or its input cannot be read"
    UNREACHABLE = 3, "the endpoint cannot be reached, or failed by itself (HTTP 5xx)"
    ADDRESS_TAKEN = 4, "another program listens on the port"
    AWS_REFUSED = 5, "AWS knows no such stage or refuses to tell: credentials, region, permission"
    NOT_ENOUGH_DATA = 6, "a release has no verdict yet: it is on its way, or held for want of requests"
    NOT_PROMOTED = 7, "a release ended otherwise than promoted; the line on stderr says how"


def one_line(text: str) -> str:
    """``text`` without what would break a line or steer a terminal; it may come from a file or an endpoint."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


class CommandError(Exception):
    """Ends the command with ``code`` and one line on stderr that says what is wrong and what to do."""

    def __init__(self, code: ExitCode, message: str) -> None:
        self.code = code
        self.message = one_line(message)
        super().__init__(self.message)
