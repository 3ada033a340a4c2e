"""Everything that a card tells, gathered once from a model folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from serin.admission import refuse_unsafe_files
from serin.baseline import MISSING, OTHER, Bins
from serin.golden import GoldenCase, read_golden
from serin.lock import LockedFile, Parity, Provenance
from serin.manifest import (
    Classification,
    Feature,
    Lineage,
    MissingFill,
    Prediction,
    Scalar,
    Serving,
    TensorInput,
    TensorOutput,
)
from serin.model_folder import ModelFolder, load_model_folder, read_artifact
from serin.openapi import curl_line
from serin.predictions import Predictor

URL: Final = "http://127.0.0.1:3000"
"""Where `serin serve` answers."""


class CardInput(msgspec.Struct, frozen=True, kw_only=True):
    """One feature; of a model without features, one tensor input.

    ``shape``: of a tensor alone, with the batch axis. ``missing``: of a feature alone. ``bins``: what the training data
    had, where the baseline says so.
    """

    name: str
    type: str
    unit: str | None
    description: str
    range: tuple[float | None, float | None] | None
    categories: tuple[str, ...] | None = None
    missing: str | MissingFill | None = None
    shape: tuple[int, ...] | None = None
    example: Scalar | None = None
    bins: Bins | None = None


class Golden(msgspec.Struct, frozen=True, kw_only=True):
    """The golden cases in figures.

    ``max_absolute_difference``: an upper bound, as locked. ``labels``: cases by answered label, for a classification.
    ``bins_covered``: of the ``bins`` that the baseline has for the prediction, those in which a case is; None without.
    """

    cases: int
    max_absolute_difference: float
    labels: dict[str, int] | None = None
    bins_covered: int | None = None
    bins: int | None = None


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """A model, told. ``files``: those that the lock names. ``request``: a line for a shell."""

    name: str
    version: str
    title: str
    description: str
    inputs: tuple[CardInput, ...]
    outputs: tuple[TensorOutput, ...]
    prediction: Prediction
    prediction_bins: Bins | None
    metrics: dict[str, float]
    parity: Parity | None
    golden: Golden | None
    lineage: Lineage | None
    provenance: Provenance | None
    tools: dict[str, str]
    serving: Serving
    files: tuple[LockedFile, ...]
    request: str


def read_card(path: Path) -> Card:
    """The card of the model folder ``path``. The model is not opened; its bytes are those that the lock names.

    Raises:
        ModelFolderError: a file is unsafe, missing or wrong, or the files do not agree.
    """
    refuse_unsafe_files(path)
    folder = load_model_folder(path)
    read_artifact(folder)
    manifest, lock, baseline = folder.manifest, folder.lock, folder.baseline
    return Card(
        name=manifest.name,
        version=manifest.version,
        title=manifest.title,
        description=manifest.description,
        inputs=tuple(_inputs(folder)),
        outputs=manifest.outputs,
        prediction=manifest.prediction,
        prediction_bins=None if baseline is None else baseline.prediction,
        metrics={} if manifest.lineage is None else manifest.lineage.metrics,
        parity=lock.parity,
        golden=_golden(folder),
        lineage=manifest.lineage,
        provenance=lock.provenance,
        tools=lock.tools,
        serving=manifest.serving,
        files=tuple(_files(folder)),
        request=curl_line(URL, manifest),
    )


def _inputs(folder: ModelFolder) -> Iterator[CardInput]:
    bins = {} if folder.baseline is None else folder.baseline.features
    for part in folder.manifest.features or folder.manifest.inputs:
        yield _feature(part, bins.get(part.name)) if isinstance(part, Feature) else _tensor(part)


def _feature(feature: Feature, bins: Bins | None) -> CardInput:
    return CardInput(
        name=feature.name,
        type=feature.type,
        unit=feature.unit,
        description=feature.description,
        range=feature.range,
        categories=feature.categories,
        missing=feature.missing,
        example=feature.example,
        bins=bins,
    )


def _tensor(tensor: TensorInput) -> CardInput:
    return CardInput(
        name=tensor.name,
        type=tensor.datatype.value,
        unit=tensor.unit,
        description=tensor.description,
        range=tensor.range,
        shape=tensor.shape,
    )


def _files(folder: ModelFolder) -> Iterator[LockedFile]:
    yield folder.lock.artifact
    if folder.lock.golden is not None:
        yield folder.lock.golden.file
    if folder.lock.baseline is not None:
        yield folder.lock.baseline


# --- Golden cases ---------------------------------------------------------------------------------------------


def _golden(folder: ModelFolder) -> Golden | None:
    summary = folder.lock.golden
    if summary is None:
        return None
    cases = read_golden(folder.path / summary.file.file)
    covered = _bins_covered(folder, cases)
    return Golden(
        cases=summary.cases,
        max_absolute_difference=summary.max_absolute_difference,
        labels=_labels(folder.manifest.prediction, cases),
        bins_covered=None if covered is None else covered[0],
        bins=None if covered is None else covered[1],
    )


def _labels(prediction: Prediction, cases: Sequence[GoldenCase]) -> dict[str, int] | None:
    if not isinstance(prediction, Classification):
        return None
    answered = [case.prediction.get("label") for case in cases]
    return {label: answered.count(label) for label in prediction.labels}


def _bins_covered(folder: ModelFolder, cases: Sequence[GoldenCase]) -> tuple[int, int] | None:
    """Bins of the prediction with a case in them, and bins in all."""
    bins = None if folder.baseline is None else folder.baseline.prediction
    if bins is None:
        return None
    try:
        watched = Predictor(folder.manifest).binned([case.prediction for case in cases])
        return None if watched is None else (len(bins.count(watched).keys() - {MISSING, OTHER}), len(bins.counts))
    except (KeyError, TypeError):  # a case of another model; locking this one anew will say so
        return None
