"""What admission has found against a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from serin.errors import ModelFolderError

_LONGEST_NAME: Final = 60


class Finding(msgspec.Struct, frozen=True):
    """One reason not to serve a model: where, by which rule, what was found, what to do. One line each."""

    file: str
    rule: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}: {self.rule}: {self.problem}; {self.remedy}"


class NotAdmitted(ModelFolderError):
    """A model that must not be served. The message is the first finding; ``findings`` has all, at least one."""

    code = "not_admitted"

    def __init__(self, findings: Sequence[Finding]) -> None:
        first, more = findings[0], len(findings) - 1
        rest = f" (and {more} more; `serin verify` lists them)" if more else ""
        super().__init__(first.file, first.rule, f"{first.problem}; {first.remedy}{rest}")
        self.findings = tuple(findings)


def shown(name: str) -> str:
    """A name out of a file, fit to be printed: whoever wrote it may mean to forge lines or steer a terminal."""
    short = name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 3]}..."
    return ascii(short)


def printable(path: str) -> str:
    """A path as it is, unless it holds what does not print."""
    return path if path.isprintable() else path.encode("unicode_escape", "backslashreplace").decode("ascii")
