"""From a trained model to a model folder: ``model.onnx``, ``golden.jsonl``, ``baseline.json``, ``model.lock.json``.

``model.yaml`` is written by people. What it says about the training (data, code, framework, metrics) is compared
with what the training gave, and nothing is written until the two agree. Every file has the same bytes on every
run: learned numbers are rounded before they are used, so that the last bits of a sum do not matter.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import onnx
import pandas as pd

from cli.lock import write_lock
from cli.packaging.baseline import baseline_text
from cli.packaging.baseline import category_bins as category_bins
from cli.packaging.baseline import numeric_bins as numeric_bins
from cli.packaging.golden import Instance as Instance
from cli.packaging.golden import Prediction as Prediction
from cli.packaging.golden import golden_text
from cli.packaging.graph import IR_VERSION as IR_VERSION
from cli.packaging.graph import OPSETS as OPSETS
from serin.baseline import BASELINE_SCHEMA, Baseline, Bins
from serin.errors import SerinError
from serin.manifest import Lineage, Manifest
from serin.model_folder import BASELINE_FILE, GOLDEN_FILE, LOCK_FILE, MANIFEST_FILE, load_manifest

MODELS: Final = Path(__file__).resolve().parent.parent / "models"
DECIMALS: Final = 9
"""Decimals of golden predictions: finer than any tolerance, coarser than a last-bit difference."""
METRIC_DECIMALS: Final = 4
GOLDEN_ROWS: Final = 24

Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, kw_only=True)
class Training:
    """What one training run gave.

    ``golden`` pairs a row, as a predict request carries it, with the training framework's own prediction.
    """

    model: onnx.ModelProto
    data: pd.DataFrame
    metrics: Mapping[str, float]
    golden: Iterable[tuple[Instance, Prediction]]
    baseline: Baseline
    tools: tuple[str, ...]


def main(script: str, train: Callable[[Manifest], Training]) -> None:
    """Command line of a training script: ``python -m examples.<name>.train [--out FOLDER]``.

    Args:
        script: ``__file__`` of the caller, ``examples/<name>/train.py``.
        train: Trains the model that the manifest speaks of.
    """
    source = MODELS / Path(script).parent.name.replace("_", "-")
    parser = argparse.ArgumentParser(description=f"Train the model {source.name} and write its folder.")
    parser.add_argument("--out", type=Path, default=source, help=f"folder to write (default: models/{source.name})")
    out = parser.parse_args().out
    try:
        manifest = load_manifest(source / MANIFEST_FILE)
        training = train(manifest)
        check_lineage(source / MANIFEST_FILE, manifest, training, Path(script))
        write_folder(source / MANIFEST_FILE, training, out)
    except SerinError as error:
        sys.exit(str(error))
    print(f"{out}: {', '.join(f'{name} {value}' for name, value in rounded(training.metrics).items())}")


def check_lineage(file: Path, manifest: Manifest, training: Training, script: Path) -> None:
    """What ``model.yaml`` says about its training is what the training gave.

    Raises:
        SystemExit: one line for every figure to mend.
    """
    declared = flatten(manifest.lineage)
    computed = {
        "data.rows": len(training.data),
        "data.sha256": data_digest(training.data),
        "code.sha256": hashlib.sha256(script.read_bytes()).hexdigest(),
        "framework": f"scikit-learn {version('scikit-learn')}",
        **{f"metrics.{name}": value for name, value in rounded(training.metrics).items()},
    }
    wrong = [
        f"{file}: lineage.{field}: says {declared.get(field)} but the training gave {value}; mend it"
        for field, value in computed.items()
        if declared.get(field) != value
    ]
    if wrong:
        sys.exit("\n".join(wrong))


def rounded(metrics: Mapping[str, float]) -> dict[str, float]:
    """Metrics as ``model.yaml`` states them."""
    return {name: round(float(value), METRIC_DECIMALS) for name, value in metrics.items()}


def flatten(lineage: Lineage | None) -> dict[str, Any]:
    """Fields of ``lineage`` by dotted path."""
    sections = msgspec.to_builtins(lineage) or {}
    flat: dict[str, Any] = {}
    for name, value in sections.items():
        flat |= {f"{name}.{key}": item for key, item in value.items()} if isinstance(value, dict) else {name: value}
    return flat


def data_digest(data: pd.DataFrame) -> str:
    """SHA-256 of the data as CSV: UTF-8, one header line, LF, shortest decimals that read back to the same float."""
    return hashlib.sha256(data.to_csv(index=False, lineterminator="\n").encode()).hexdigest()


def write_folder(manifest_file: Path, training: Training, out: Path) -> None:
    """Write the files that tools write into ``out``, all or none; a missing ``model.yaml`` is copied there.

    Raises:
        ModelFolderError: ONNX Runtime's answers are not the golden ones.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".packaging-") as scratch:
        staged = Path(scratch, manifest_file.parent.name)
        staged.mkdir()
        shutil.copyfile(manifest_file, staged / MANIFEST_FILE)
        artifact = load_manifest(manifest_file).artifact.file
        (staged / artifact).write_bytes(training.model.SerializeToString(deterministic=True))
        (staged / GOLDEN_FILE).write_text(golden_text(training.golden), encoding="utf-8")
        (staged / BASELINE_FILE).write_text(baseline_text(training.baseline), encoding="utf-8")
        write_lock(staged, {name: version(name) for name in training.tools})
        written = [artifact, GOLDEN_FILE, BASELINE_FILE, LOCK_FILE]
        if not (out / MANIFEST_FILE).exists():
            written.append(MANIFEST_FILE)
        out.mkdir(exist_ok=True)
        for name in written:
            (staged / name).replace(out / name)


# --- Learned numbers ------------------------------------------------------------------------------------------


def round_learned(estimator: Any, names: Iterable[str], decimals: int) -> None:
    """Round what a solver learned, before it is measured or exported: processors differ in the last bits."""
    for name in names:
        setattr(estimator, name, np.round(getattr(estimator, name), decimals))


# --- The graph ------------------------------------------------------------------------------------------------


def only_output(model: onnx.ModelProto, name: str, graph_name: str) -> onnx.ModelProto:
    """``model`` with the output ``name`` alone, and only the nodes that it needs."""
    graph = model.graph
    needed, nodes = {name}, []
    for node in reversed(graph.node):
        if needed & set(node.output):
            needed |= set(node.input)
            nodes.append(node)
    pruned = onnx.helper.make_graph(
        nodes[::-1],
        graph_name,
        list(graph.input),
        [output for output in graph.output if output.name == name],
        [weight for weight in graph.initializer if weight.name in needed],
    )
    # The exporter keeps operator sets in a Python set, whose order changes from run to run.
    opsets = sorted(model.opset_import, key=lambda opset: opset.domain)
    return onnx.helper.make_model(
        pruned, opset_imports=opsets, ir_version=model.ir_version, producer_name=model.producer_name
    )


# --- Golden cases ---------------------------------------------------------------------------------------------

_JSON_TYPES: Final[Mapping[str, Callable[[Any], Any]]] = {"float": float, "int": int, "string": str}


def golden_rows(rows: pd.DataFrame, predicted: Floats, manifest: Manifest) -> pd.DataFrame:
    """Rows at evenly spaced ranks of their prediction, and the two ends of all that the manifest allows."""
    ranks = np.linspace(0, len(predicted) - 1, GOLDEN_ROWS).round().astype(int)
    ends = {feature.name: feature.range or feature.categories for feature in manifest.features}
    edges = pd.DataFrame({name: [allowed[0], allowed[-1]] for name, allowed in ends.items() if allowed})
    return pd.concat([rows.iloc[np.argsort(predicted, kind="stable")[ranks]], edges], ignore_index=True)


def instances(rows: pd.DataFrame, manifest: Manifest) -> list[Instance]:
    """Rows as predict requests carry them: a value that is missing is null."""
    types = {feature.name: _JSON_TYPES[feature.type] for feature in manifest.features}
    return [
        {name: None if pd.isna(value) else types[name](value) for name, value in row.items()}
        for row in rows.to_dict("records")
    ]


def class_prediction(labels: Sequence[str], probabilities: Iterable[float], label: str) -> Prediction:
    """A classifier's prediction, in the words of the predict route."""
    by_label = {name: round(float(p), DECIMALS) for name, p in zip(labels, probabilities, strict=True)}
    return {"label": label, "probability": by_label[label], "probabilities": by_label}


# --- Baseline -------------------------------------------------------------------------------------------------


def baseline(features: pd.DataFrame, manifest: Manifest, prediction: Bins) -> Baseline:
    """Bins of the training rows' features beside the bins of the predictions.

    Args:
        features: Training rows, a column a feature of the manifest.
        manifest: Says which features are categories.
        prediction: Bins over the predictions for rows that the model was not trained on, as live rows are.
    """
    bins: dict[str, Bins] = {}
    for feature in manifest.features:
        column = features[feature.name]
        bins[feature.name] = (
            category_bins(feature.categories, column) if feature.categories else numeric_bins(column.to_numpy(float))
        )
    return Baseline(schema=BASELINE_SCHEMA, features=bins, prediction=prediction)
