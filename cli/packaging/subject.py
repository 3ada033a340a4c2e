"""A trained model beside its data: how rows go into it, and what it answers itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from cli.packaging.features import Column, columns_of, tensors_of
from cli.packaging.leaks import refuse_leak
from cli.packaging.missing import Policy, filled, let_in, policies_of
from cli.packaging.rows import DataFile, Rows
from cli.packaging.sample import edge_table, edge_tensors, joined, unseen_table
from cli.packaging.source import Answers, Layout, Source, SourceRefused
from serin.manifest import Prediction

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Array = np.ndarray[Any, Any]

_MOST_ANSWERED: Final = 100_000
"""Rows that the source answers: more say nothing new of a distribution's tenths."""


_FITTING: Final[Mapping[str, tuple[frozenset[str], str]]] = {
    "float": (frozenset({"float", "int"}), "numbers"),
    "int": (frozenset({"float", "int"}), "whole numbers"),  # a column with missing ones is read as float
    "bool": (frozenset({"bool", "int"}), "truths"),
    "string": (frozenset({"string"}), "texts"),
}
"""By a column's type in the training data: its types in held-out data, and their name."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A source, and how the data goes into it."""

    source: Source
    rows: Rows
    columns: tuple[Column, ...]
    policies: Mapping[str, Policy]
    layout: Layout

    def with_tensors(self, rows: Rows) -> Rows:
        """Rows as the ONNX model takes them, too."""
        if rows.table is None:
            return rows
        table = filled(rows, self.policies).table
        return replace(rows, tensors=tensors_of(table, self.layout)) if table is not None else rows


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """Rows and the source's answers. ``places``: of the rows in the file. ``edges``: rows at the data's edges."""

    rows: Rows
    places: Array
    answers: Answers
    edges: Rows
    edge_answers: Answers
    prediction: Prediction


def subject_of(source: Source, data: DataFile, target: Sequence[str]) -> Subject:
    """A source with the data that it was trained on, or some like it.

    Raises:
        SourceRefused: the data does not fit the source, or holds the target.
    """
    rows = data.rows
    refuse_leak(source, rows, target, data.name)
    if rows.table is None:
        if source.tensor_names is None:
            raise SourceRefused(f"{data.name}: the model takes named columns; give a .csv or .parquet file")
        layout = source.layout((), rows)
        return Subject(source=source, rows=_of_inputs(rows, layout), columns=(), policies={}, layout=layout)
    columns = tuple(columns_of(rows.table, source.feature_names, source.feature_count, data.name))
    rows = replace(rows, table=rows.table[[column.name for column in columns]])
    layout = source.layout(columns, replace(rows, tensors={}))
    columns = tuple(replace(c, categories=None) if c.name in layout.free_texts else c for c in columns)
    policies = policies_of(source, rows, columns)
    return Subject(source=source, rows=rows, columns=columns, policies=policies, layout=layout)


def held_out(subject: Subject, rows: Rows) -> HeldOut:
    """The rows that are looked at, at most ``_MOST_ANSWERED`` of them, and what the source answers.

    Raises:
        SourceRefused: a column is not there, or the source does not answer.
    """
    import numpy as np

    source = subject.source
    if rows.table is not None:
        _refuse_other_types(rows.table, subject.columns)
        rows = replace(rows, table=rows.table[[column.name for column in subject.columns]])
    else:
        rows = _of_inputs(rows, subject.layout)
    places = np.linspace(0, len(rows) - 1, min(len(rows), _MOST_ANSWERED)).round().astype(int)
    if rows.table is not None:
        places = places[let_in(rows.table, subject.columns, subject.policies).to_numpy()[places]]
        if not len(places):
            raise SourceRefused("no row has all its texts; fill them before training, so that the model knows the fill")
    some = subject.with_tensors(rows.take(places))
    prediction = source.prediction(some)
    edges = _edges(subject, some)
    some, answers, kept = _answered(source, some)
    edges, edge_answers, _ = _answered(source, edges)
    if not len(kept):
        raise SourceRefused("the model answers no row of the data with a finite number")
    return HeldOut(
        rows=some,
        places=places[kept],
        answers=answers,
        edges=edges,
        edge_answers=edge_answers,
        prediction=prediction,
    )


def _of_inputs(rows: Rows, layout: Layout) -> Rows:
    """With the arrays alone that go into the model."""
    for tensor in layout.inputs:
        if tensor.name not in rows.tensors:
            raise SourceRefused(f"the model has an input {tensor.name!r}, and the data no array of this name")
    return replace(rows, tensors={tensor.name: rows.tensors[tensor.name] for tensor in layout.inputs})


def _refuse_other_types(table: pd.DataFrame, columns: Sequence[Column]) -> None:
    """Refuse held-out data whose columns hold other kinds of values than the training data."""
    file = "the held-out data"
    held = {column.name: column for column in columns_of(table, [column.name for column in columns], None, file)}
    for column in columns:
        fit, told = _FITTING[column.type]
        other = held[column.name].type
        if other not in fit or (column.type == "int" and other == "float" and (table[column.name] % 1 > 0).any()):
            raise SourceRefused(f"{file}: column {column.name!r} holds other values than {told}, as --data has there")


def _answered(source: Source, rows: Rows) -> tuple[Rows, Answers, Array]:
    """The rows that have an answer: one that is not finite is an error to whoever asks. With their places."""
    import numpy as np

    answers = source.answer(rows)
    finite = np.ones(len(rows), dtype=bool)
    for values in answers.outputs.values():
        if values.dtype.kind == "f":
            finite &= np.isfinite(values).reshape(len(rows), -1).all(axis=1)
    if finite.all():
        return rows, answers, np.arange(len(rows))
    kept = np.flatnonzero(finite)
    outputs = {name: values[kept] for name, values in answers.outputs.items()}
    labels = None if answers.labels is None else answers.labels[kept]
    return rows.take(kept), Answers(outputs=outputs, labels=labels), kept


def _edges(subject: Subject, rows: Rows) -> Rows:
    """Rows at the edges that the serving process lets in, and unseen texts where the source has an answer to them."""
    table = subject.rows.table
    if table is None:
        return Rows(tensors=edge_tensors(dict(rows.tensors)))
    edges = edge_table(table, subject.columns)
    kept = let_in(edges, subject.columns, subject.policies)
    made = subject.with_tensors(Rows(table=edges[kept].reset_index(drop=True)))
    unseen = unseen_table(table, subject.columns)
    for row in range(len(unseen)):
        one = subject.with_tensors(Rows(table=unseen.iloc[[row]].reset_index(drop=True)))
        try:
            subject.source.answer(one)
        except SourceRefused:
            continue  # it refuses them, and so does the manifest
        made = joined(made, one)
    return made
