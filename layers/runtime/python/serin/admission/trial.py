"""The first opening of a model: in a process of its own, under limits, several times over different memory."""

from __future__ import annotations

import time
from typing import Final

import msgspec

from serin.admission.apart import Ending, Limits, run_apart
from serin.admission.findings import Finding
from serin.admission.rules import GOLDEN, MEMORY, OPENING, REPEATABLE, TIME, Rule
from serin.model_folder import ModelFolder

_SECONDS: Final = 10.0
"""For all openings together; a function on Lambda has as long for its first."""
_BYTES_A_SECOND: Final = 10_000_000

PERTURBATIONS: Final = (1, 90, 165)
"""Values of glibc's MALLOC_PERTURB_: new memory is filled with this byte inverted, freed memory with the byte."""

_LONGEST_REPORT: Final = 65_536


class Report(msgspec.Struct, frozen=True):
    """What the process says: a digest of all answers, or the rule that was broken and how."""

    digest: str = ""
    rule: str = ""
    problem: str = ""


def seconds_for(size: int) -> float:
    """How long opening a model of ``size`` bytes may take where nobody says: ten seconds, longer for large files."""
    return _SECONDS + size // _BYTES_A_SECOND


def open_apart(folder: ModelFolder, limits: Limits, *, draws: bool) -> list[Finding]:
    """What speaks against a model once it is opened: at most one finding.

    Args:
        folder: The model, whose lock has been compared with its files.
        limits: For all openings together.
        draws: Whether it draws at random, so that two answers may differ.
    """
    deadline = time.monotonic() + limits.seconds
    digests: set[str] = set()
    for perturbation in PERTURBATIONS:
        ending = run_apart(
            "serin.admission.trial_process",
            [str(folder.path)],
            Limits(deadline - time.monotonic(), limits.memory),
            longest=_LONGEST_REPORT,
            perturbation=perturbation,
        )
        if ending.is_late:
            return [_finding(folder, TIME, f"it is not done after {limits.seconds:g} s")]
        report = _report(ending)
        if report.rule:
            return [_finding(folder, _RULES.get(report.rule, OPENING), report.problem)]
        digests.add(report.digest)
    if len(digests) > 1 and not draws:
        return [_finding(folder, REPEATABLE, "its answers to the same cases differ with what the memory held before")]
    return []


_RULES: Final[dict[str, Rule]] = {rule.name: rule for rule in (MEMORY, GOLDEN)}


def _finding(folder: ModelFolder, rule: Rule, problem: str) -> Finding:
    return Finding(str(folder.path / folder.manifest.artifact.file), rule.name, problem, rule.remedy)


def _report(ending: Ending) -> Report:
    if ending.death is not None:
        problem = f"opening it or answering ended the process with {ending.death}"
        return Report(rule=OPENING.name, problem=problem)
    try:
        return msgspec.json.decode(ending.said, type=Report)
    except msgspec.DecodeError:
        problem = f"its process ended with exit code {ending.code} and without a word"
        return Report(rule=OPENING.name, problem=problem)
