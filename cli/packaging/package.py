"""The flow of `serin package`: open, read, convert, admit, compare, and only then write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from cli.lock import lock_apart
from cli.packaging.baseline import baseline_of, baseline_text
from cli.packaging.draft import draft_of, features_of, next_version, outputs_of, prediction_of
from cli.packaging.evidence import compare_rows, golden_cases, splits_at_half
from cli.packaging.first_opening import open_first
from cli.packaging.folder import refuse_loss, replace_folder, staged_folder
from cli.packaging.golden import predictions
from cli.packaging.graph import canonical
from cli.packaging.manifest_text import manifest_text
from cli.packaging.metrics import metrics_of
from cli.packaging.onnx_session import OnnxSession
from cli.packaging.origin import lineage_of, origin_of
from cli.packaging.rows import DataFile, read_data
from cli.packaging.source import SourceRefused
from cli.packaging.sources import open_source
from cli.packaging.subject import HeldOut, Subject, held_out, subject_of
from serin.admission import NotAdmitted, admit, broken_signature, refuse_artifact
from serin.errors import SerinError
from serin.lock import Lock
from serin.manifest import Manifest, Tolerance
from serin.model_folder import BASELINE_FILE, GOLDEN_FILE, LOCK_FILE, MANIFEST_FILE, load_manifest

STEPS: Final = 6
ARTIFACT: Final = "model.onnx"


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is to be packaged. ``target``: columns that hold what was learned. ``tolerances``: by output.

    ``holdout``: rows that the model was not trained on; without it, those of ``data`` take their place.
    """

    source: Path
    name: str
    data: Path
    models: Path
    holdout: Path | None = None
    target: tuple[str, ...] = ()
    version: str | None = None
    tolerances: Mapping[str, Tolerance]


@dataclass(frozen=True, kw_only=True)
class Packaged:
    """What has been written. ``unfilled``: texts that may be missing and are refused."""

    folder: Path
    manifest: Manifest
    lock: Lock
    unfilled: tuple[str, ...]


def package(order: Order, *, trust: Callable[[str], bool], advance: Callable[[], None]) -> Packaged:
    """Package one model.

    Args:
        order: What, and from what.
        trust: Whether a file may be opened that may run code.
        advance: Called after each of ``STEPS`` steps.

    Raises:
        NoParity: with the worst rows.
        SourceRefused: source or data cannot be used.
        ModelFolderError: the ONNX model is not admitted, or the folder that is there cannot be read.
    """
    source = open_source(order.source, trust=trust)
    data = read_data(order.data, order.target)
    holdout = None if order.holdout is None else read_data(order.holdout, order.target)
    advance()
    subject = subject_of(source, data, order.target)
    heldout = held_out(subject, (holdout or data).rows)
    advance()
    folder = order.models / order.name
    before = load_manifest(folder / MANIFEST_FILE) if (folder / MANIFEST_FILE).exists() else None
    refuse_loss(folder, {ARTIFACT, GOLDEN_FILE, BASELINE_FILE, before.artifact.file if before else ARTIFACT})
    with staged_folder(folder) as staged:
        try:
            packaged = _build(order, subject, heldout, data, holdout, before, staged, advance)
        except SerinError as error:
            raise _renamed(error, staged, folder) from None
        for kept in ("README.md", "CHANGELOG.md", "LICENSE"):
            if (folder / kept).is_file():
                (staged / kept).write_bytes((folder / kept).read_bytes())
        replace_folder(staged, folder)
    advance()
    return replace(packaged, folder=folder)


# --- The folder -----------------------------------------------------------------------------------------------


def _build(
    order: Order,
    subject: Subject,
    heldout: HeldOut,
    data: DataFile,
    holdout: DataFile | None,
    before: Manifest | None,
    staged: Path,
    advance: Callable[[], None],
) -> Packaged:
    artifact = canonical(subject.source.convert(subject.layout), list(heldout.answers.outputs), order.name)
    advance()
    (staged / ARTIFACT).write_bytes(artifact)
    prediction, decided = prediction_of(
        heldout.prediction, before, splits_at_half=splits_at_half(heldout.answers, heldout.prediction)
    )
    if decided:  # where the labels part is a person's decision, so the source's own do not count
        heldout = replace(
            heldout,
            answers=replace(heldout.answers, labels=None),
            edge_answers=replace(heldout.edge_answers, labels=None),
        )
    outputs = outputs_of(open_first(staged / ARTIFACT).outputs, order.tolerances, before)
    if unknown := order.tolerances.keys() - {tensor.name for tensor in outputs}:
        raise SourceRefused(
            f"--tolerance: no output is named {min(unknown)!r}; outputs: {', '.join(t.name for t in outputs)}"
        )
    draft = draft_of(
        name=order.name,
        version=order.version
        or next_version(before, subject.layout.inputs, outputs, same_artifact=_is_there(artifact, order)),
        before=before,
        columns=subject.columns,
        features=features_of(subject.columns, subject.policies, subject.layout, before),
        inputs=subject.layout.inputs,
        outputs=outputs,
        prediction=prediction,
        operators=[name for name in subject.source.operators if name.rpartition(".")[2].encode() in artifact],
        lineage=lineage_of(
            subject.source,
            order.source,
            data,
            # Of rows that it was trained on they would say how well it has learned them by heart.
            {} if holdout is None else metrics_of(heldout.answers, heldout.rows.target, prediction),
        ),
    )
    (staged / MANIFEST_FILE).write_text(manifest_text(draft), encoding="utf-8")
    manifest = load_manifest(staged / MANIFEST_FILE)
    refuse_artifact(staged / ARTIFACT, artifact, manifest)
    comparison = compare_rows(OnnxSession(artifact), heldout, manifest)
    advance()
    (staged / GOLDEN_FILE).write_text(golden_cases(subject, heldout, manifest), encoding="utf-8")
    answered = [dict(each) for each in predictions(heldout.answers, manifest)]
    baseline = baseline_of(subject.rows.table, manifest, answered)
    (staged / BASELINE_FILE).write_text(baseline_text(baseline), encoding="utf-8")
    lock = lock_apart(staged, origin=origin_of(subject.source, order.source, data, holdout, comparison.parity))
    _refuse_broken_signature(staged, order.models / order.name, before)
    admit(staged)
    advance()
    unfilled = tuple(c.name for c in subject.columns if c.missing and subject.policies[c.name] == "reject")
    return Packaged(folder=staged, manifest=manifest, lock=lock, unfilled=unfilled)


def _is_there(artifact: bytes, order: Order) -> bool:
    file = order.models / order.name / ARTIFACT
    return file.is_file() and file.read_bytes() == artifact


def _refuse_broken_signature(staged: Path, folder: Path, before: Manifest | None) -> None:
    if before is not None and (folder / LOCK_FILE).exists() and (findings := broken_signature(staged, folder)):
        raise NotAdmitted(findings)


def _renamed(error: SerinError, staged: Path, folder: Path) -> Exception:
    """The same, in the words of the folder that a person knows."""
    return SourceRefused(error.message.replace(str(staged), str(folder)))
