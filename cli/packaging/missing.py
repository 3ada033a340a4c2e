"""What a missing value does: passed on, filled, or refused, as the source model has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, Literal

from cli.packaging.features import Column
from cli.packaging.rows import Rows
from cli.packaging.source import Answers, Source, SourceRefused
from serin.manifest import MissingFill

if TYPE_CHECKING:
    import pandas as pd

Policy = Literal["reject", "allow"] | MissingFill

_ROWS: Final = 50
"""With a missing text, that a fill is tried on."""
_USUAL: Final = ("", "missing", "unknown", "nan", "None", "other")


def policies_of(source: Source, rows: Rows, columns: Sequence[Column]) -> dict[str, Policy]:
    """The policy of each column.

    A number or a truth that is missing somewhere goes into the model as NaN, which is what it was trained on. A text
    cannot: a tensor of texts holds texts. Where the source answers alike for a missing text and for some other, that
    one takes its place; where there is none, a missing text is refused.
    """
    return {column.name: _policy(source, rows, column) for column in columns}


def _policy(source: Source, rows: Rows, column: Column) -> Policy:
    if not column.missing:
        return "reject"
    if column.type in {"float", "bool"}:
        return "allow"
    return _fill(source, rows, column) if column.type == "string" else "reject"


def _fill(source: Source, rows: Rows, column: Column) -> Policy:
    assert rows.table is not None  # noqa: S101 - texts stand in tables
    places = rows.table[column.name].isna().to_numpy().nonzero()[0][:_ROWS]
    some = rows.take(places)
    try:
        due = source.answer(some)
    except SourceRefused:
        return "reject"
    for text in dict.fromkeys((*_USUAL, *(column.categories or ()))):
        if _same(source, filled(some, {column.name: MissingFill(fill=text)}), due):
            return MissingFill(fill=text)
    return "reject"


def _same(source: Source, rows: Rows, due: Answers) -> bool:
    import numpy as np

    try:
        got = source.answer(rows)
    except SourceRefused:
        return False
    return all(np.array_equal(got.outputs[name], values) for name, values in due.outputs.items())


def filled(rows: Rows, policies: Mapping[str, Policy]) -> Rows:
    """``rows`` with missing values filled as the serving process does it."""
    from dataclasses import replace

    fills = {name: policy.fill for name, policy in policies.items() if isinstance(policy, MissingFill)}
    if rows.table is None or not fills:
        return rows
    return replace(rows, table=rows.table.assign(**{name: _filled(rows.table[name], fills[name]) for name in fills}))


def _filled(values: pd.Series, fill: object) -> pd.Series:
    return values.astype(object).where(values.notna(), fill)


def let_in(table: pd.DataFrame, columns: Sequence[Column], policies: Mapping[str, Policy]) -> pd.Series:
    """Which rows the serving process lets in, as far as missing values go."""
    refused = [column.name for column in columns if policies[column.name] == "reject"]
    return table[refused].notna().all(axis=1)
