"""Resident memory after a thousand requests, against the bare handler."""

from __future__ import annotations

from functools import partial
from typing import Final

from benchmarks.parts.cold import EVENT
from benchmarks.processes import Subject, calls
from benchmarks.rows import Outcome, compare, interleave
from benchmarks.subjects import workshop

name: Final = "memory"
REQUESTS: Final = 1000


def run(quick: bool) -> list[Outcome]:
    """Resident pages, those of shared files with them: what Lambda's limit counts."""
    with workshop() as shop:
        subjects = (shop.serin(), shop.reference("bare"))
        taken = interleave([partial(_resident, s) for s in subjects], 2 if quick else 7)
    what = "resident memory, tabular, after 1,000 requests"
    return [compare("memory", what, "bare handler", "MB", [(a, b) for a, b in taken], target=0.85)]


def _resident(subject: Subject) -> float:
    return calls(subject, EVENT, REQUESTS).memory.resident / 1e6
