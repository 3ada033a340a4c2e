"""What was gained and lost, as a table for people or as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from cli.bench.tables import aligned
from cli.optimize.gates import Judgement
from cli.optimize.making import Variant
from cli.optimize.measure import Figures
from serin.manifest import Manifest

_NONE: Final = "-"
_WORDS: Final = {"exact": "exact", "close": "close", "varies": "VARIES", "single": _NONE}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """All that is known of one variant. ``figures`` and ``judgement``: None where it could not be had."""

    variant: Variant
    figures: Figures | None
    judgement: Judgement | None
    problems: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.variant.kind

    @property
    def passes(self) -> bool:
        return not self.problems

    @property
    def varies(self) -> bool:
        return self.judgement is not None and self.judgement.invariance == "varies"


@dataclass(frozen=True, kw_only=True)
class Report:
    """One run. ``outcomes``: the model as it is comes first. ``metric``: its name; None without labelled data."""

    manifest: Manifest
    rows: int
    origin: str
    metric: str | None
    outcomes: Sequence[Outcome]


def text(report: Report) -> str:
    """The table, each variant with what it changes below it, and what the words in it mean."""
    present = report.outcomes[0]
    rows: list[list[str]] = [_head(report)]
    for outcome in report.outcomes:
        rows.append(_row(outcome, report))
        if outcome is not present and outcome.figures is not None and present.figures is not None:
            rows.append(_changes(outcome, present))
    said = f"{report.manifest.name} {report.manifest.version}, {report.rows} rows of {report.origin}"
    return "\n".join([said, "", *aligned(rows), "", *_notes(report)])


def _head(report: Report) -> list[str]:
    metric = [report.metric] if report.metric else []
    return [
        *("variant", "file kB", "served kB", "cold ms", "p50 ms", "p99 ms", "memory MB", "off by", "labels"),
        *metric,
        *("batch", ""),
    ]


def _row(outcome: Outcome, report: Report) -> list[str]:
    figures, judgement = outcome.figures, outcome.judgement
    cells = [outcome.name]
    if figures is None:
        cells += [_NONE] * 6
    else:
        cells += [f"{outcome.variant.stored.stat().st_size / 1000:.1f}"]
        cells += [f"{outcome.variant.served.stat().st_size / 1000:.1f}"]
        cells += [f"{ms:.3g}" for ms in (figures.cold_ms, figures.p50_ms, figures.p99_ms)]
        cells += [_NONE if figures.memory_mb is None else f"{figures.memory_mb:.1f}"]
    cells += [_off_by(judgement), _labels(judgement)]
    if report.metric:
        cells += [_NONE if judgement is None or judgement.metric is None else f"{judgement.metric:.4f}"]
    cells += [_NONE if judgement is None or judgement.invariance is None else _WORDS[judgement.invariance]]
    return [*cells, _verdict(outcome)]


def _off_by(judgement: Judgement | None) -> str:
    if judgement is None or judgement.parity is None:
        return _NONE
    return f"{max(output.absolute_max for output in judgement.parity.outputs.values()):.1e}"


def _labels(judgement: Judgement | None) -> str:
    agreement = None if judgement is None or judgement.parity is None else judgement.parity.label_agreement
    return _NONE if agreement is None else f"{100 * agreement:.4g} %"


def _verdict(outcome: Outcome) -> str:
    if not outcome.passes:
        return f"no: {outcome.problems[0]}"
    if outcome.variant.is_present:
        return "as it is"
    judgement = outcome.judgement
    widened = {} if judgement is None else judgement.tolerances
    told = ", ".join(f"{output} {tolerance.absolute:g}" for output, tolerance in widened.items())
    return f"passes, with tolerance: {told}" if told else "passes"


def _changes(outcome: Outcome, present: Outcome) -> list[str]:
    assert outcome.figures is not None  # noqa: S101 - for the types; the caller has seen to it
    assert present.figures is not None  # noqa: S101
    pairs: list[tuple[float | None, float | None]] = [
        (outcome.variant.stored.stat().st_size, present.variant.stored.stat().st_size),
        (outcome.variant.served.stat().st_size, present.variant.served.stat().st_size),
        (outcome.figures.cold_ms, present.figures.cold_ms),
        (outcome.figures.p50_ms, present.figures.p50_ms),
        (outcome.figures.p99_ms, present.figures.p99_ms),
        (outcome.figures.memory_mb, present.figures.memory_mb),
    ]
    changes = [f"{100 * (now / before - 1):+.0f} %" if now is not None and before else "" for now, before in pairs]
    loss = []
    if outcome.judgement is not None and present.judgement is not None and present.judgement.metric is not None:
        lost = outcome.judgement.metric
        loss = ["" if lost is None else f"{lost - present.judgement.metric:+.4f}"]
    elif present.judgement is not None and present.judgement.metric is not None:
        loss = [""]
    return ["", *changes, "", "", *loss, "", ""]


def _notes(report: Report) -> list[str]:
    notes = ["file: as stored; served: as the build of the image compiles it, which is what is measured."]
    if any(outcome.varies for outcome in report.outcomes):
        notes.append("VARIES: an answer depends on the other rows of its batch; chosen, it gets max_batch_rows: 1.")
    if any(outcome.judgement and outcome.judgement.tolerances for outcome in report.outcomes if outcome.passes):
        notes.append("with tolerance: what model.yaml would say of that output; golden.jsonl stays as it is.")
    return notes


def plain(report: Report) -> dict[str, Any]:
    """All of it as plain data for JSON; what could not be had is null."""
    return {
        "model": report.manifest.name,
        "version": report.manifest.version,
        "rows": report.rows,
        "origin": report.origin,
        "metric": report.metric,
        "variants": [_plain(outcome) for outcome in report.outcomes],
    }


def _plain(outcome: Outcome) -> dict[str, Any]:
    figures, judgement, variant = outcome.figures, outcome.judgement, outcome.variant
    there = figures is not None
    return {
        "name": outcome.name,
        "format": variant.artifact.format,
        "passes": outcome.passes,
        "problems": list(outcome.problems),
        "bytes": variant.stored.stat().st_size if there else None,
        "served_bytes": variant.served.stat().st_size if there else None,
        "cold_ms": figures.cold_ms if figures else None,
        "p50_ms": figures.p50_ms if figures else None,
        "p99_ms": figures.p99_ms if figures else None,
        "memory_mb": figures.memory_mb if figures else None,
        "parity": msgspec.to_builtins(judgement.parity) if judgement else None,
        "metric": judgement.metric if judgement else None,
        "batch": judgement.invariance if judgement else None,
        "tolerances": msgspec.to_builtins(dict(judgement.tolerances)) if judgement else {},
    }
