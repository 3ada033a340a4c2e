"""A check, what it finds, and what it could not look at."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

_Given = TypeVar("_Given")


class Severity(StrEnum):
    """``error``: it will not deploy, or not run. ``warning``: it will, and yet it bites."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Check:
    """One row of the table in docs/doctor.md: what is found, why it would hurt, what to do about it."""

    name: str
    severity: Severity
    finds: str
    why: str
    fix: str


@dataclass(frozen=True, slots=True)
class Problem:
    """What one check says of one thing: what it found, with figures, and the exact fix."""

    what: str
    fix: str


class NotChecked(Exception):
    """Raised by a check that cannot be done here. The message says why."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem with its check and its subject: a model's name, ``this machine`` or ``stage NAME``."""

    check: str
    severity: Severity
    subject: str
    what: str
    why: str
    fix: str


@dataclass(frozen=True, slots=True)
class Unchecked:
    """A check that was not done, and why."""

    check: str
    subject: str
    why: str


@dataclass(frozen=True, slots=True)
class Examiner(Generic[_Given]):
    """A check, and how it looks at what it is given. It yields problems, or raises NotChecked."""

    check: Check
    look: Callable[[_Given], Iterable[Problem]]


Result = Finding | Unchecked


def judge(
    examiners: Iterable[Examiner[_Given]], subject: str, given: _Given, *, at_most: Severity = Severity.ERROR
) -> list[Result]:
    """What ``examiners`` find in ``given``; no finding is graver than ``at_most``."""
    results: list[Result] = []
    for examiner in examiners:
        check = examiner.check
        severity = Severity.WARNING if at_most is Severity.WARNING else check.severity
        try:
            results += [
                Finding(check.name, severity, subject, problem.what, check.why, problem.fix)
                for problem in examiner.look(given)
            ]
        except NotChecked as reason:
            results.append(Unchecked(check.name, subject, str(reason)))
    return results


def not_checked(examiners: Iterable[Examiner[Any]], subject: str, why: str) -> list[Result]:
    """None of ``examiners`` could look at ``subject``."""
    return [Unchecked(examiner.check.name, subject, why) for examiner in examiners]
