"""The first opening of a model: in a process of its own, under limits, several times over different memory.

Whatever happens in that process, this one lives on, and no process and no file is left.
"""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from threading import Timer
from typing import IO, Final, cast

import msgspec

from serin.admission.findings import Finding
from serin.admission.rules import GOLDEN, MEMORY, OPENING, REPEATABLE, TIME, Rule
from serin.model_folder import ModelFolder

SECONDS: Final = 10.0
"""For all openings together; a function on Lambda has as long for its first."""

PERTURBATIONS: Final = (1, 90, 165)
"""Values of glibc's MALLOC_PERTURB_: new memory is filled with this byte inverted, freed memory with the byte."""

_LONGEST_REPORT: Final = 65_536
_PASSED_ON: Final = ("PATH", "LD_LIBRARY_PATH", "PYTHONHOME")


class Limits(msgspec.Struct, frozen=True):
    """``seconds``: for all of it. ``memory``: bytes that the function has."""

    seconds: float
    memory: int


class Report(msgspec.Struct, frozen=True):
    """What the process says: a digest of all answers, or the rule that was broken and how."""

    digest: str = ""
    rule: str = ""
    problem: str = ""


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
        report = _run(folder, Limits(deadline - time.monotonic(), limits.memory), perturbation)
        if report.rule == TIME.name:
            report = Report(rule=TIME.name, problem=f"it is not done after {limits.seconds:g} s")
        if report.rule:
            return [_finding(folder, _RULES.get(report.rule, OPENING), report.problem)]
        digests.add(report.digest)
    if len(digests) > 1 and not draws:
        return [_finding(folder, REPEATABLE, "its answers to the same cases differ with what the memory held before")]
    return []


_RULES: Final[dict[str, Rule]] = {rule.name: rule for rule in (MEMORY, TIME, GOLDEN)}


def _finding(folder: ModelFolder, rule: Rule, problem: str) -> Finding:
    return Finding(str(folder.path / folder.manifest.artifact.file), rule.name, problem, rule.remedy)


def _run(folder: ModelFolder, limits: Limits, perturbation: int) -> Report:
    if limits.seconds <= 0:
        return Report(rule=TIME.name)
    begun = time.monotonic()
    process = subprocess.Popen(  # noqa: S603 - this interpreter, and this module
        [sys.executable, "-P", "-m", "serin.admission.trial_process", *_arguments(folder, limits)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(perturbation),
        start_new_session=True,  # Ctrl-C is for this process alone
    )
    timer = Timer(limits.seconds, process.kill)
    timer.start()
    try:
        said = cast("IO[bytes]", process.stdout).read(_LONGEST_REPORT)
        if len(said) == _LONGEST_REPORT:
            process.kill()
        process.wait()
    finally:
        timer.cancel()
        process.kill()
        process.communicate()
    if time.monotonic() - begun >= limits.seconds:
        return Report(rule=TIME.name)
    return _report(said, process.returncode)


def _arguments(folder: ModelFolder, limits: Limits) -> list[str]:
    return [str(folder.path.absolute()), str(limits.memory), str(math.ceil(limits.seconds))]


def _environment(perturbation: int) -> dict[str, str]:
    """What the process needs to be the same program, and of locales what an image has."""
    return {name: os.environ[name] for name in _PASSED_ON if name in os.environ} | {
        "HOME": "/nonexistent",
        "LC_ALL": "C",
        "LOCPATH": "/nonexistent",
        "MALLOC_PERTURB_": str(perturbation),
        "OPENBLAS_NUM_THREADS": "1",
        "ORT_DISABLE_TELEMETRY": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": os.pathsep.join(path for path in map(os.path.abspath, sys.path)),
    }


def _report(said: bytes, code: int) -> Report:
    if code == 0:
        try:
            return msgspec.json.decode(said, type=Report)
        except msgspec.DecodeError:
            code = 1
    if code < 0:
        return _death(-code)
    return Report(rule=OPENING.name, problem=f"its process ended with exit code {code} and without a word")


def _death(number: int) -> Report:
    if number in (signal.SIGXCPU, signal.SIGALRM):
        return Report(rule=TIME.name)
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    return Report(rule=OPENING.name, problem=f"opening it or answering ended the process with {name}")
