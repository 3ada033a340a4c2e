"""Whether what was to be learned is among what it is learned from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cli.packaging.rows import Rows
from cli.packaging.source import Source, SourceRefused

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


def refuse_leak(source: Source, rows: Rows, target: Sequence[str], file: str) -> None:
    """Refuse a model that was trained on its target, or on a copy of it.

    Raises:
        SourceRefused: names the column.
    """
    for name in target:
        if name in (source.feature_names or ()):
            message = f"the model was trained on column {name!r}, which is its target"
            raise SourceRefused(f"{file}: {message}; train it without, or name another --target")
    if rows.table is None or rows.target is None or rows.target.ndim != 1:
        return
    for name in source.feature_names or rows.table.columns:
        if name in rows.table.columns and _is_copy(rows.table[name].to_numpy(), rows.target):
            message = f"column {name!r} is a copy of the target {target[0]!r}: the model would be served its own answer"
            raise SourceRefused(f"{file}: {message}; train it without")


def _is_copy(values: Array, target: Array) -> bool:
    import numpy as np

    if len(np.unique(target.astype(str))) < 2:
        return False
    if values.dtype.kind in "fiub" and target.dtype.kind in "fiub":
        return bool(np.array_equal(values.astype(np.float64), target.astype(np.float64)))
    return bool(np.array_equal(values.astype(str), target.astype(str)))
