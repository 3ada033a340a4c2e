"""Golden cases from the source model's own answers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from cli.packaging.features import Column
from cli.packaging.parity import ranked_column
from cli.packaging.rows import Rows
from cli.packaging.sample import spread
from cli.packaging.source import Answers
from serin.manifest import Classification, Manifest
from serin.predictions import Predictor
from serin.protocol import Datatype
from serin.tensor import Tensor

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

ROWS: Final = 24
"""Cases from the data; more where there are more classes."""
_MOST_ELEMENTS: Final = 100_000
"""Numbers of all cases together, for models with large tensors."""
_DIGITS: Final = 10
"""Of golden predictions: finer than any tolerance, coarser than a difference in the last bits."""

_DATATYPES: Final = {"f": Datatype.FP64, "i": Datatype.INT64, "u": Datatype.INT64, "b": Datatype.BOOL}

Instance = Mapping[str, Any]
Prediction = Mapping[str, Any]


def golden_places(answers: Answers, manifest: Manifest, elements: int) -> Array:
    """Rows for golden cases: of every class, or every decile of the answers.

    Args:
        answers: To rows that the manifest lets in.
        manifest: Says what they mean.
        elements: Numbers that one row has.
    """
    count = len(next(iter(answers.outputs.values())))
    labels = answers.labels if isinstance(manifest.prediction, Classification) else None
    order = ranked_column(answers.outputs, manifest.prediction)
    return spread(order, labels, count, max(2, min(ROWS, _MOST_ELEMENTS // max(1, elements))))


def golden_text(cases: Iterable[tuple[Instance, Prediction]]) -> str:
    """``golden.jsonl``: one case a line."""
    documents = ({"instance": instance, "prediction": prediction} for instance, prediction in cases)
    return "".join(json.dumps(document, ensure_ascii=False, allow_nan=False) + "\n" for document in documents)


def instances(rows: Rows, columns: Sequence[Column]) -> Iterator[Instance]:
    """Rows as predict requests carry them; a value that is missing is null."""
    if rows.table is None:
        for row in range(len(rows)):
            yield {name: values[row : row + 1].tolist()[0] for name, values in rows.tensors.items()}
        return
    import pandas as pd

    kinds: Mapping[str, type] = {"float": float, "int": int, "bool": bool, "string": str}
    types = {column.name: kinds[column.type] for column in columns}
    for record in rows.table[list(types)].to_dict("records"):
        yield {str(name): None if pd.isna(value) else types[str(name)](value) for name, value in record.items()}


def predictions(answers: Answers, manifest: Manifest) -> list[Prediction]:
    """The source's answers, in the words of the predict route."""
    outputs = {name: _tensor(values) for name, values in answers.outputs.items()}
    made = Predictor(manifest)(outputs)
    if answers.labels is not None and isinstance(manifest.prediction, Classification):
        made = [_called(each, str(label)) for each, label in zip(made, answers.labels, strict=True)]
    return [_rounded(each) for each in made]


def _called(prediction: Prediction, label: str) -> dict[str, Any]:
    """With the label that the source itself gives."""
    return {**prediction, "label": label, "probability": prediction["probabilities"][label]}


def _tensor(values: Array) -> Tensor:
    datatype = _DATATYPES.get(values.dtype.kind, Datatype.BYTES)
    if datatype is Datatype.BYTES:
        return Tensor(datatype, values.shape, [str(text).encode() for text in values.ravel()])
    dtype = {Datatype.FP64: "float64", Datatype.INT64: "int64", Datatype.BOOL: "bool"}[datatype]
    return Tensor(datatype, values.shape, values.astype(dtype).tobytes())


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return float(f"{value:.{_DIGITS}g}") if isinstance(value, float) else value
