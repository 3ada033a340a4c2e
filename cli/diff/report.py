"""All differences between two models, as lines for a terminal and as plain data for a script."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from cli.bench.tables import aligned
from cli.diff.answers import AnswerDifferences, compare_answers
from cli.diff.contract import broken_for_clients
from cli.diff.fields import Change, changes
from cli.diff.operators import operator_counts
from cli.diff.sides import Side
from cli.diff.turns import Measured, measure, rows_of
from cli.outcome import one_line
from cli.plain import plain
from serin.admission.history import signature_problem
from serin.lock import Lock
from serin.manifest import Manifest

_INDENT: Final = "  "
_LONGEST: Final = 48


class Both(msgspec.Struct, frozen=True):
    """A figure on both sides; None where there is none."""

    a: float | None
    b: float | None

    @property
    def ratio(self) -> float | None:
        """B by A."""
        return self.b / self.a if self.a and self.b is not None else None


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """A side: what the command line said, and what was found. ``bytes``: of the model file."""

    said: str
    name: str
    version: str
    sha256: str
    bytes: int


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What differs.

    ``signature``: tensors, as the locks have them. ``breaks``: what clients of A meet at B. ``promise``: the signature
    that B's version promises and does not keep, for two versions of one model. ``fields``: of the manifests; ``made``:
    of the locks, how each was made.
    ``operators``: whose number differs. ``golden``: whether the rows are A's golden cases, and not its example.
    """

    a: Named
    b: Named
    signature: list[Change]
    breaks: list[str]
    promise: str | None
    answers: AnswerDifferences
    golden: bool
    fields: list[Change]
    metrics: dict[str, Both]
    made: list[Change]
    operators: dict[str, Both]
    bytes: Both
    open_ms: Both
    row_ms: Both
    rows_timed: Both

    @property
    def replaces(self) -> bool:
        """Whether B can take A's place unnoticed: it takes A's requests, and its answers are within tolerance."""
        return not self.breaks and self.promise is None and self.answers.alike

    def document(self) -> dict[str, Any]:
        """For a script."""
        ratios = {"bytes": self.bytes, "open_ms": self.open_ms, "row_ms": self.row_ms}
        document: dict[str, Any] = plain(self)
        return {"replaces": self.replaces} | document | {"ratios": {name: both.ratio for name, both in ratios.items()}}


def compare(a: Side, b: Side, scratch: Path) -> Report:
    """Compare everything. Both models are opened in processes of their own; ``scratch``: a folder for their rows.

    Raises:
        CommandError: one of them cannot be opened, or does not end.
        ModelFolderError: a file has changed since it was admitted.
    """
    rows = rows_of(a)
    measured_a, measured_b = measure(a, b, rows, scratch)
    before, after = a.folder, b.folder
    counts_a, counts_b = operator_counts(before), operator_counts(after)
    return Report(
        a=_named(a),
        b=_named(b),
        signature=list(changes(plain(before.lock.signature), plain(after.lock.signature))),
        breaks=list(broken_for_clients(before.manifest, after.manifest)),
        promise=_broken_promise(before.lock, after.lock),
        answers=compare_answers(before.manifest, measured_a, measured_b),
        golden=before.lock.golden is not None and before.lock.golden.cases > 0,
        fields=list(changes(_declared(before.manifest), _declared(after.manifest))),
        metrics=_side_by_side(_metrics(before.manifest), _metrics(after.manifest)),
        made=list(changes(_made(before.lock), _made(after.lock))),
        operators={name: both for name, both in _side_by_side(counts_a, counts_b).items() if both.a != both.b},
        bytes=Both(before.lock.artifact.bytes, after.lock.artifact.bytes),
        **_speed(measured_a, measured_b),
    )


def _named(side: Side) -> Named:
    manifest, artifact = side.folder.manifest, side.folder.lock.artifact
    return Named(
        said=side.said, name=manifest.name, version=manifest.version, sha256=artifact.sha256, bytes=artifact.bytes
    )


def _broken_promise(a: Lock, b: Lock) -> str | None:
    return signature_problem(a, b.version, b.signature) if a.name == b.name else None


def _speed(a: Measured, b: Measured) -> dict[str, Both]:
    return {
        "open_ms": Both(a.open_ms, b.open_ms),
        "row_ms": Both(a.row_ms, b.row_ms),
        "rows_timed": Both(a.rows_timed, b.rows_timed),
    }


def _declared(manifest: Manifest) -> dict[str, Any]:
    """The manifest without what has a place of its own in the report."""
    document: dict[str, Any] = plain(manifest)
    if document["lineage"] is not None:
        del document["lineage"]["metrics"]
    return document


def _metrics(manifest: Manifest) -> Mapping[str, float]:
    return {} if manifest.lineage is None else manifest.lineage.metrics


def _made(lock: Lock) -> dict[str, Any]:
    return {"tools": lock.tools, "provenance": plain(lock.provenance), "parity": plain(lock.parity)}


def _side_by_side(a: Mapping[str, float], b: Mapping[str, float]) -> dict[str, Both]:
    return {name: Both(a.get(name), b.get(name)) for name in [*a, *(name for name in b if name not in a)]}


# --- For a terminal -------------------------------------------------------------------------------------------


def lines(report: Report) -> Iterator[str]:
    """The report, line by line; none breaks or steers a terminal."""
    for side, named in (("A", report.a), ("B", report.b)):
        yield one_line(f"{side}: {named.name} {named.version} ({named.said}), {named.sha256[:12]}")
    for title, said in (
        ("Clients", _clients(report)),
        ("Answers", _answers(report)),
        ("Signature", _changed(report.signature, "the same")),
        ("Manifest", _changed(report.fields, "the same")),
        ("Metrics", _metric_rows(report.metrics)),
        ("Lineage in the lock", _changed(report.made, "the same")),
        ("Operators", _operator_rows(report.operators)),
        ("Size and speed", _costs(report)),
    ):
        yield from ("", title)
        yield from (_INDENT + line for line in said)


def _clients(report: Report) -> Iterator[str]:
    if report.breaks:
        yield "clients of A are refused or misled by B:"
        yield from (f"- {one_line(problem)}" for problem in report.breaks)
    else:
        yield "clients of A can call B"
    if report.promise is not None:
        yield f"- {one_line(report.promise)}: raise the major version"


def _answers(report: Report) -> Iterator[str]:
    answers = report.answers
    rows = (
        f"{answers.rows} golden cases of A" if report.golden else f"{answers.rows} example row of A, which has no cases"
    )
    yield f"{rows}: {answers.beyond} answered beyond tolerance, {answers.refused} refused by B"
    if answers.largest is not None:
        yield f"largest difference {answers.largest:.3g}"
    for change, count in answers.labels.items():
        yield f"label {one_line(change)}: {count}"
    if answers.first is not None:
        yield _shortened(one_line(answers.first), 3 * _LONGEST)
    if answers.refusal is not None:
        yield f"refused: {one_line(answers.refusal)}"


def _changed(changed: Sequence[Change], otherwise: str) -> list[str]:
    if not changed:
        return [otherwise]
    rows = [(one_line(change.field), _value(change.a), _value(change.b)) for change in changed]
    return aligned([("", "A", "B"), *rows], words=True)


def _value(value: Any) -> str:
    if value is None:
        return "-"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return _shortened(one_line(text), _LONGEST)


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _metric_rows(metrics: Mapping[str, Both]) -> list[str]:
    rows = [(one_line(name), _figure(both.a), _figure(both.b), _difference(both), "") for name, both in metrics.items()]
    return aligned([("", "A", "B", "B - A", ""), *rows]) if rows else ["neither manifest states any"]


def _difference(both: Both) -> str:
    return "-" if both.a is None or both.b is None else f"{both.b - both.a:+.4g}"


def _operator_rows(operators: Mapping[str, Both]) -> list[str]:
    rows = [(one_line(name), f"{both.a or 0:g}", f"{both.b or 0:g}", "") for name, both in operators.items()]
    return aligned([("", "A", "B", ""), *rows]) if rows else ["the same"]


def _costs(report: Report) -> list[str]:
    costs = {"model, bytes": report.bytes, "open, ms": report.open_ms, "one row, p50 ms": report.row_ms}
    rows = [
        (name, _figure(both.a), _figure(both.b), "-" if both.ratio is None else f"{both.ratio:.2f} x", "")
        for name, both in costs.items()
    ]
    timed = f"over {report.rows_timed.a or 0:,.0f} and {report.rows_timed.b or 0:,.0f} rows, in turns; times are this"
    return [*aligned([("", "A", "B", "B / A", ""), *rows]), f"{timed} machine's"]


def _figure(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
