"""All checks on some models, on this machine, and on a stage where one is named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cli.doctor.account import ACCOUNT_CHECKS, CREDENTIALS, PLAN_CHECKS, Gate, Plan, Target
from cli.doctor.checks import ADMISSION
from cli.doctor.finding import Examiner, Finding, Result, Severity, Unchecked, judge, not_checked
from cli.doctor.log_line import LOG_CHECKS, longest_line
from cli.doctor.machine import MACHINE_CHECKS, Machine
from cli.doctor.measuring import Measured, measure_model
from cli.doctor.model import MODEL_CHECKS
from cli.doctor.payload import PAYLOAD_CHECKS, Payload, payload_of
from cli.doctor.running import RUNNING_CHECKS, Run
from cli.progress import tracked, waiting
from infra.config import Stage
from serin.admission import Finding as Refusal
from serin.admission import verify
from serin.admission.rules import GOLDEN, MEMORY, OPENING, REPEATABLE, RULES, TIME
from serin.errors import ModelFolderError, SerinError
from serin.manifest import Manifest
from serin.model_folder import MANIFEST_FILE, ModelFolder, find_model_folders, load_manifest, load_model_folder

THIS_MACHINE: Final = "this machine"
_WHEN_OPENED: Final = frozenset(rule.name for rule in (OPENING, MEMORY, TIME, GOLDEN, REPEATABLE))
"""What is found by opening the model: then it may be opened once more, apart, to say by how much it is too large."""
_WHY: Final = {rule.name: rule.because for rule in RULES}


@dataclass
class Examination:
    """What was found and not looked at, and what was measured, by model."""

    results: list[Result] = field(default_factory=list)
    measured: dict[str, Measured] = field(default_factory=dict)

    @property
    def findings(self) -> list[Finding]:
        """Errors first."""
        found = [result for result in self.results if isinstance(result, Finding)]
        return sorted(found, key=lambda finding: finding.severity is not Severity.ERROR)

    @property
    def unchecked(self) -> list[Unchecked]:
        return [result for result in self.results if isinstance(result, Unchecked)]

    def count(self, severity: Severity) -> int:
        """Findings of this severity."""
        return sum(finding.severity is severity for finding in self.findings)


def examine(folders: Sequence[Path], models: Path, stage: Stage | None, environment: Mapping[str, str]) -> Examination:
    """Look at ``folders``, then at this machine, and with ``stage`` at where it goes.

    ``models``: the folder of all models, which a stage has together. ``environment``: this process's.
    """
    seen = Examination()
    for folder in tracked(folders, "Examining models"):
        _examine_model(folder, seen)
    manifests = _manifests(folders)
    machine = Machine(
        environment=environment,
        architectures=frozenset(manifest.serving.architecture for manifest in manifests),
    )
    with waiting("Examining this machine"):
        # Without a stage nobody deploys from here: the images may well be built elsewhere.
        grave = Severity.WARNING if stage is None else Severity.ERROR
        seen.results += judge(MACHINE_CHECKS, THIS_MACHINE, machine, at_most=grave)
    seen.results += _of_stage(stage, models, manifests)
    return seen


# --- A model --------------------------------------------------------------------------------------------------


def _examine_model(path: Path, seen: Examination) -> None:
    name = path.name
    refusals = verify(path)
    seen.results += [_refused(name, refusal) for refusal in refusals]
    try:
        folder = load_model_folder(path)
    except ModelFolderError:
        for examiners in (MODEL_CHECKS, PAYLOAD_CHECKS, LOG_CHECKS, RUNNING_CHECKS):
            seen.results += not_checked(examiners, name, "the folder cannot be read")
        return
    seen.results += judge(MODEL_CHECKS, name, folder)
    seen.results += judge(LOG_CHECKS, name, longest_line(folder))
    try:
        payload = payload_of(folder)
    except SerinError as error:
        seen.results += not_checked(PAYLOAD_CHECKS, name, f"a known row is refused: {error.message}")
        seen.results += not_checked(RUNNING_CHECKS, name, "there is no row to ask it")
        return
    measured = _measured(folder, payload, refusals, seen)
    seen.results += judge(
        PAYLOAD_CHECKS, name, payload if measured is None else payload.answered_with(measured.answer_bytes)
    )


def _measured(folder: ModelFolder, payload: Payload, refusals: Sequence[Refusal], seen: Examination) -> Measured | None:
    """What running the model gave, judged; None where it is not run, which is said."""
    name, why = folder.path.name, ""
    if any(refusal.rule not in _WHEN_OPENED for refusal in refusals):
        why = "the model is not safe to open; see admission"
    elif not payload.rows_that_fit:
        why = "no row goes through as JSON, in which it would be asked"
    if not why:
        try:
            measured = measure_model(folder, payload, fits=not refusals)
        except SerinError as error:
            why = f"it cannot be run here: {error.message}"
    if why:
        seen.results += not_checked(RUNNING_CHECKS, name, why)
        return None
    seen.measured[name] = measured
    seen.results += judge(RUNNING_CHECKS, name, Run(folder.manifest.serving, measured))
    return measured


def _refused(name: str, refusal: Refusal) -> Finding:
    why = _WHY.get(refusal.rule, ADMISSION.why)
    what = f"{refusal.file}: {refusal.rule}: {refusal.problem}"
    return Finding(ADMISSION.name, ADMISSION.severity, name, what, why, refusal.remedy)


# --- The stage ------------------------------------------------------------------------------------------------


def _manifests(folders: Sequence[Path]) -> list[Manifest]:
    """Of those that can be read; what is wrong with the others is said elsewhere."""
    found = []
    for folder in folders:
        try:
            found.append(load_manifest(folder / MANIFEST_FILE))
        except ModelFolderError:
            continue
    return found


def _of_stage(stage: Stage | None, models: Path, examined: Sequence[Manifest]) -> list[Result]:
    if stage is None:
        why = "no stage is named; give --stage"
        return [
            *not_checked(PLAN_CHECKS, "stage", why),
            Unchecked(CREDENTIALS.name, "stage", why),
            *not_checked(ACCOUNT_CHECKS, "stage", why),
        ]
    subject = f"stage {stage.name}"
    plan = Plan(stage, _all_manifests(models) or examined)
    gate = Gate(stage)
    results = judge(PLAN_CHECKS, subject, plan)
    with waiting("Examining the account"):
        results += judge([Examiner(CREDENTIALS, lambda found: found.problems())], subject, gate)
        if gate.account is None:
            return results + not_checked(ACCOUNT_CHECKS, subject, "the account cannot be looked at")
        return results + judge(ACCOUNT_CHECKS, subject, Target(plan, gate.account))


def _all_manifests(models: Path) -> list[Manifest]:
    try:
        return _manifests(find_model_folders(models))
    except ModelFolderError:
        return []
