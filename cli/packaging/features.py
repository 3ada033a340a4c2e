"""What can be said of a table's columns: types, bounds, categories, missing values, a typical value."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from cli.packaging.source import Layout, SourceRefused
from serin.manifest import FieldName, Scalar
from serin.protocol import Datatype

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Array = np.ndarray[Any, Any]

MOST_CATEGORIES: Final = 100
"""Of a text column; one with more different values is free text."""
_ROWS_A_CATEGORY: Final = 4
"""Fewer on average, and it is free text too."""
_FEW_VALUES: Final = 10
"""Whole numbers with no more different values than this are codes: none beyond them is meant."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """One feature, as the data has it.

    ``lowest``, ``highest``: of the values that are there; None for texts. ``categories``: sorted; None for numbers and
    free text. ``missing``: how many rows have none. ``example``: the value in the middle, or the commonest text.
    """

    name: str
    type: Literal["float", "int", "bool", "string"]
    lowest: float | None = None
    highest: float | None = None
    categories: tuple[str, ...] | None = None
    missing: int = 0
    distinct: int = 0
    example: Scalar | None = None


def columns_of(table: pd.DataFrame, names: Sequence[str] | None, count: int | None, file: str) -> list[Column]:
    """What can be said of the columns that a model was trained on.

    Args:
        table: The data, without the target.
        names: Those columns; None where the model does not know.
        count: How many they are; None where the model does not know that either.
        file: The data's name, for errors.

    Raises:
        SourceRefused: a column is not there, there are more or fewer than the model takes, or one has no usable type.
    """
    if names is None:
        names = list(table.columns)
        if count is not None and count != len(names):
            message = f"{file}: has {len(names)} columns and the model takes {count} features, without names"
            raise SourceRefused(f"{message}; give --target, or leave out the columns it was not trained on")
    for name in names:
        if name not in table.columns:
            close = difflib.get_close_matches(name, list(table.columns), n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise SourceRefused(f"{file}: the model was trained on column {name!r}, which is not there{hint}")
        if not _can_be_named(name):
            message = "no name of 1 to 100 characters without double quotes, backslashes and control characters"
            raise SourceRefused(f"{file}: column {name!r} has {message}; rename it, and train with the new name")
    return [_column(table[name], file) for name in names]


def _can_be_named(name: str) -> bool:
    """Whether a request's rows may have a key of this name."""
    try:
        msgspec.convert(name, FieldName)
    except msgspec.ValidationError:
        return False
    return True


def _column(values: pd.Series[Any], file: str) -> Column:
    import pandas as pd
    from pandas.api import types

    name = str(values.name)
    known = values.dropna()
    if known.empty:
        raise SourceRefused(f"{file}: column {name!r} holds no value at all; train without it")
    truths = types.is_bool_dtype(values) or (values.dtype == object and all(type(value) is bool for value in known))
    if values.dtype == object and not truths:
        _refuse_others_than_texts(name, known, file)
    missing, distinct = len(values) - len(known), int(known.nunique())
    if truths:
        commonest = bool(known.mode().iloc[0])
        return Column(
            name=name, type="bool", lowest=0, highest=1, missing=missing, distinct=distinct, example=commonest
        )
    if types.is_numeric_dtype(values) and not types.is_complex_dtype(values):
        return _number(name, known, missing, distinct, file)
    if isinstance(values.dtype, pd.CategoricalDtype) or types.is_string_dtype(values) or values.dtype == object:
        return _text(name, known, missing, distinct, file)
    raise SourceRefused(f"{file}: column {name!r} is {values.dtype}; make a number or a text of it")


def _number(name: str, known: pd.Series[Any], missing: int, distinct: int, file: str) -> Column:
    import numpy as np
    from pandas.api import types

    if not np.isfinite(known.to_numpy(float)).all():
        raise SourceRefused(f"{file}: column {name!r} holds an infinity; no model is served one")
    whole = types.is_integer_dtype(known) and not missing
    middle = known.sort_values().iloc[len(known) // 2]
    return Column(
        name=name,
        type="int" if whole else "float",
        lowest=float(known.min()),
        highest=float(known.max()),
        missing=missing,
        distinct=distinct,
        example=int(middle) if whole else float(middle),
    )


def _refuse_others_than_texts(name: str, known: pd.Series[Any], file: str) -> None:
    other = next((value for value in known if not isinstance(value, str)), None)
    if other is not None:
        kinds = f"text and {type(other).__name__}" if any(isinstance(v, str) for v in known) else type(other).__name__
        raise SourceRefused(f"{file}: column {name!r} holds {kinds}; make one type of it")


def _text(name: str, known: pd.Series[Any], missing: int, distinct: int, file: str) -> Column:
    _refuse_others_than_texts(name, known, file)
    few = distinct <= MOST_CATEGORIES and distinct * _ROWS_A_CATEGORY <= len(known)
    return Column(
        name=name,
        type="string",
        categories=tuple(sorted(known.unique())) if few else None,
        missing=missing,
        distinct=distinct,
        example=str(known.mode().iloc[0]),
    )


def value_range(column: Column) -> tuple[float, float] | None:
    """What is let in of a number: once the data's span beyond it on either side, to two digits outwards.

    A request beyond that has another unit or a swapped column. Codes (whole numbers of few values) stay what they are,
    and what was never negative does not become it.
    """
    if column.type not in {"float", "int"} or column.lowest is None or column.highest is None:
        return None
    if column.type == "int" and column.distinct <= _FEW_VALUES:
        return column.lowest, column.highest
    span = column.highest - column.lowest or abs(column.highest) or 1.0
    low = 0.0 if column.lowest >= 0 else _outwards(column.lowest - span)
    high = 0.0 if column.highest <= 0 else _outwards(column.highest + span)
    return low, high


def _outwards(value: float) -> float:
    """To two digits, away from zero."""
    rounded = float(f"{value:.1e}")
    step = 10.0 ** int(f"{abs(value):.1e}".partition("e")[2]) / 10
    return float(f"{rounded + (step if value > 0 else -step):.1e}") if abs(rounded) < abs(value) else rounded


def tensors_of(table: pd.DataFrame, layout: Layout) -> dict[str, Array]:
    """The table as the ONNX model takes it: named columns packed side by side, as the serving process does it.

    Missing numbers are NaN. Missing texts are empty; a row with one is not let in unless the manifest fills it.
    """
    import numpy as np

    packed: dict[str, Array] = {}
    for tensor in layout.inputs:
        part = table[list(layout.columns[tensor.name])]
        if tensor.datatype is Datatype.BYTES:
            values = part.astype(object).where(part.notna(), "").to_numpy(dtype=object)
        else:
            values = part.to_numpy(dtype=_DTYPES[tensor.datatype], na_value=np.nan if tensor.datatype.is_float else 0)
        packed[tensor.name] = values[:, 0] if len(tensor.shape) == 1 else values
    return packed


_DTYPES: Final = {
    Datatype.BOOL: "bool",
    Datatype.INT8: "int8",
    Datatype.INT16: "int16",
    Datatype.INT32: "int32",
    Datatype.INT64: "int64",
    Datatype.UINT8: "uint8",
    Datatype.UINT16: "uint16",
    Datatype.UINT32: "uint32",
    Datatype.UINT64: "uint64",
    Datatype.FP16: "float16",
    Datatype.FP32: "float32",
    Datatype.FP64: "float64",
}
"""numpy's names of the inputs that features are packed into."""
