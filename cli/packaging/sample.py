"""Which rows are looked at: a sample of every kind of them, and rows at the edges of the data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from cli.packaging.features import Column
from cli.packaging.rows import Rows

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Array = np.ndarray[Any, Any]

MOST_COMPARED: Final = 10_000
"""Rows of the data that are compared; of more, a stratified sample."""
_MOST_EDGE_COLUMNS: Final = 200
UNSEEN: Final = "never seen in training \u2014 \u00c9\u00df"
"""A category, or words, that no data has; not all of it ASCII."""


def spread(order: Array | None, groups: Array | None, count: int, most: int) -> Array:
    """Places of at most ``most`` of ``count`` rows: evenly over the groups' rows by ``order``, one a group at least.

    Args:
        order: A number a row, the prediction for instance; None takes the rows as they come.
        groups: A label a row; None for one group.
        count: Rows.
        most: How many are wanted; groups may make it more.
    """
    import numpy as np

    if count <= most:
        return np.arange(count)
    keys, first = [np.arange(count)], np.array([], dtype=int)
    if order is not None:
        keys.append(order)
    if groups is not None:
        _, codes = np.unique(groups, return_inverse=True)
        keys.append(codes)
    ranked = np.lexsort(keys)
    if groups is not None:
        _, first = np.unique(codes[ranked], return_index=True)
    even = np.linspace(0, count - 1, max(2, most - len(first))).round().astype(int)
    chosen = {*ranked[even].tolist(), *ranked[first].tolist()}
    return np.array(sorted(chosen))


def edge_table(table: pd.DataFrame, columns: Sequence[Column]) -> pd.DataFrame:
    """Rows at the edges: each number at its lowest and its highest, all of them together, each value missing that is
    missing somewhere. The other values are typical ones.
    """
    import pandas as pd

    typical = {column.name: column.example for column in columns}
    looked_at = columns[:: max(1, -(-len(columns) // _MOST_EDGE_COLUMNS))]
    numbers = [column for column in columns if column.type in {"float", "int"}]
    rows = [typical]
    if numbers:
        rows += [typical | {c.name: c.lowest for c in numbers}, typical | {c.name: c.highest for c in numbers}]
    for column in looked_at:
        if column.type in {"float", "int"}:
            rows += [typical | {column.name: column.lowest}, typical | {column.name: column.highest}]
        if column.missing:
            rows.append(typical | {column.name: None})
    return _as_in(table, pd.DataFrame(rows, columns=[column.name for column in columns]))


def unseen_table(table: pd.DataFrame, columns: Sequence[Column]) -> pd.DataFrame:
    """A row for each text with a value that no row has."""
    import pandas as pd

    typical = {column.name: column.example for column in columns}
    open_ = [c for c in columns if c.type == "string" and not isinstance(table[c.name].dtype, pd.CategoricalDtype)]
    rows = [typical | {column.name: UNSEEN} for column in open_[:_MOST_EDGE_COLUMNS]]
    return _as_in(table, pd.DataFrame(rows, columns=[column.name for column in columns]))


def _as_in(table: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """``rows`` with the types that the columns have in ``table``."""
    return rows.astype({name: table[name].dtype for name in rows.columns}) if len(rows) else rows


def edge_tensors(tensors: dict[str, Array]) -> dict[str, Array]:
    """Two rows: every element at its input's lowest, and at its highest; texts as in the first two rows."""
    import numpy as np

    def edges(values: Array) -> Array:
        if values.dtype.kind not in "fiub":
            return values[[0, -1]]
        return np.stack([np.full_like(values[0], values.min()), np.full_like(values[0], values.max())])

    return {name: edges(values) for name, values in tensors.items()}


def joined(first: Rows, second: Rows) -> Rows:
    """Both, one after the other, without what was to be learned."""
    import numpy as np
    import pandas as pd

    table = None
    if first.table is not None and second.table is not None:
        table = pd.concat([first.table[list(second.table.columns)], second.table], ignore_index=True)
    tensors = {
        name: np.concatenate([values, second.tensors[name]])
        for name, values in first.tensors.items()
        if name in second.tensors
    }
    return Rows(table=table, tensors=tensors)
