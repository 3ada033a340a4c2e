"""The rows that a model and its variants are asked: those of a data file, or the instances of its golden cases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from cli.outcome import CommandError, ExitCode
from cli.packaging.features import tensors_of
from cli.packaging.onnx_session import array_of
from cli.packaging.rows import Rows, read_data
from cli.packaging.sample import MOST_COMPARED, spread
from cli.packaging.source import Layout, SourceRefused
from serin.errors import ModelFolderError, SerinError
from serin.golden import GoldenCase
from serin.manifest import (
    Classification,
    Feature,
    Manifest,
    MissingFill,
    Regression,
    TensorInput,
    TensorOutput,
)
from serin.protocol import Datatype
from serin.rows import RowDecoder

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Array = np.ndarray[Any, Any]

_PACKED: Final = frozenset({Datatype.FP32, Datatype.FP64, Datatype.INT64, Datatype.BOOL, Datatype.BYTES})


@dataclass(frozen=True, kw_only=True)
class AskedRows:
    """``tensors``: by input, the first axis is the rows. ``target``: [rows], where it is known. ``origin``: a file."""

    tensors: Mapping[str, Array]
    target: Array | None
    origin: str

    def __len__(self) -> int:
        return len(next(iter(self.tensors.values())))


def is_batched(manifest: Manifest) -> bool:
    """Whether several rows go into one run.

    Raises:
        CommandError: rows have no axis of their own, so the answers of several cannot be laid side by side.
    """
    tensors: list[TensorInput | TensorOutput] = [*manifest.inputs, *manifest.outputs]
    if any(tensor.datatype is Datatype.BF16 for tensor in tensors):
        raise CommandError(ExitCode.REFUSED, f"{manifest.name}: takes or gives BF16, which is not compared here")
    if all(tensor.shape[:1] == (-1,) for tensor in tensors):
        return True
    if all(tensor.shape[:1] == (1,) for tensor in tensors):
        return False
    message = "only models whose inputs and outputs all begin with a batch axis (-1, or 1) are optimised"
    raise CommandError(ExitCode.REFUSED, f"{manifest.name}: {message}")


def golden_rows(manifest: Manifest, cases: Sequence[GoldenCase], file: Path) -> AskedRows:
    """The instances of golden cases as the model gets them; of those with other lengths than the first, none.

    Raises:
        CommandError: there is no case.
        ModelFolderError: an instance is not one of this model.
    """
    import numpy as np

    if not cases:
        raise CommandError(ExitCode.REFUSED, f"{manifest.name}: has no golden cases to compare answers on; give --data")
    decoder = RowDecoder(manifest)
    decoded = []
    for number, case in enumerate(cases, start=1):
        try:
            tensors = decoder.decode(msgspec.json.encode({"instances": [case.instance]}))
        except SerinError as error:
            raise ModelFolderError(str(file), f"line {number}", error.message) from None
        decoded.append({name: array_of(tensor) for name, tensor in tensors.items()})
    alike = [row for row in decoded if all(row[name].shape == first.shape for name, first in decoded[0].items())]
    stacked = {name: np.concatenate([row[name] for row in alike]) for name in decoded[0]}
    return AskedRows(tensors=stacked, target=None, origin=file.name)


def data_rows(manifest: Manifest, file: Path, target: str | None) -> AskedRows:
    """Rows of a data file as the model gets them: all, or 10,000 that are spread over the target where it is known.

    Rows that lack a value which the manifest demands are left out: they would never come to the model.

    Raises:
        SourceRefused: the file cannot be read, lacks an input, or holds what an input cannot take.
    """
    rows = read_data(file, () if target is None else (target,)).rows
    if (rows.table is None) == bool(manifest.features):
        due = "a table (.csv, .parquet) with a column a feature" if manifest.features else "an .npz of arrays by input"
        raise SourceRefused(f"{file}: {manifest.name} takes {due}")
    kept = _sampled(_complete(rows, manifest, file), manifest)
    tensors = _packed(kept, manifest, file) if manifest.features else _arrays(kept, manifest.inputs, file)
    return AskedRows(tensors=tensors, target=kept.target, origin=file.name)


def _complete(rows: Rows, manifest: Manifest, file: Path) -> Rows:
    import numpy as np

    if rows.table is None:
        return rows
    for feature in manifest.features:
        if feature.name not in rows.table.columns:
            raise SourceRefused(f"{file}: has no column {feature.name!r}, which is a feature of {manifest.name}")
    demanded = [feature.name for feature in manifest.features if feature.missing == "reject"]
    there = rows.table[demanded].notna().all(axis=1).to_numpy()
    if not there.any():
        raise SourceRefused(f"{file}: no row has all features that {manifest.name} demands")
    return rows.take(np.flatnonzero(there))


def _sampled(rows: Rows, manifest: Manifest) -> Rows:
    labels = rows.target if isinstance(manifest.prediction, Classification) else None
    order = rows.target if isinstance(manifest.prediction, Regression) else None
    return rows.take(spread(order, labels, len(rows), MOST_COMPARED))


def _packed(rows: Rows, manifest: Manifest, file: Path) -> dict[str, Array]:
    assert rows.table is not None  # noqa: S101 - for the type
    columns: dict[str, tuple[str, ...]] = {}
    for feature in manifest.features:
        columns[manifest.input_of(feature)] = (*columns.get(manifest.input_of(feature), ()), feature.name)
    for tensor in manifest.inputs:
        if tensor.datatype not in _PACKED:
            raise SourceRefused(f"{file}: input {tensor.name!r} is {tensor.datatype}, which no table is packed into")
    try:
        filled = _filled(rows.table, manifest.features)
        return tensors_of(filled, Layout(inputs=manifest.inputs, columns=columns))
    except (ValueError, TypeError) as error:
        raise SourceRefused(f"{file}: holds what the model's inputs cannot take ({error})") from None


def _filled(table: pd.DataFrame, features: Iterable[Feature]) -> pd.DataFrame:
    fills = {one.name: one.missing.fill for one in features if isinstance(one.missing, MissingFill)}
    return table.fillna(fills) if fills else table


def _arrays(rows: Rows, inputs: Sequence[TensorInput], file: Path) -> dict[str, Array]:
    for tensor in inputs:
        values = rows.tensors.get(tensor.name)
        if values is None:
            raise SourceRefused(f"{file}: has no array {tensor.name!r}, which is an input of the model")
        due = tensor.shape[1:]
        if len(values.shape) != len(tensor.shape) or any(
            d not in (-1, got) for d, got in zip(due, values.shape[1:], strict=True)
        ):
            raise SourceRefused(f"{file}: array {tensor.name!r} is {list(values.shape)}, not {list(tensor.shape)}")
        if (values.dtype.kind in "US") != (tensor.datatype is Datatype.BYTES):
            raise SourceRefused(f"{file}: array {tensor.name!r} holds {values.dtype}, not {tensor.datatype}")
    return {tensor.name: rows.tensors[tensor.name] for tensor in inputs}
