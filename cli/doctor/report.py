"""What was found: as blocks for a person, or as one JSON document."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from itertools import groupby
from typing import Any

from cli.doctor.examine import Examination
from cli.doctor.finding import Finding, Severity, Unchecked
from cli.doctor.measuring import Measured
from cli.outcome import one_line


def lines(seen: Examination) -> Iterator[str]:
    """A block a finding, errors first; what was measured; what was not checked; a count."""
    for finding in seen.findings:
        yield from _block(finding)
        yield ""
    for name, measured in seen.measured.items():
        yield one_line(f"{name}: {_figures(measured)}, {measured.how}")
    for (subject, why), group in groupby(sorted(seen.unchecked, key=_reason), key=_reason):
        checks = ", ".join(unchecked.check for unchecked in group)
        yield one_line(f"not checked ({subject}): {checks}: {why}")
    yield counted(seen)


def counted(seen: Examination) -> str:
    """The counts, in words."""
    errors, warnings = seen.count(Severity.ERROR), seen.count(Severity.WARNING)
    return f"{_some(errors, 'error')}, {_some(warnings, 'warning')}, {len(seen.unchecked)} not checked"


def document(seen: Examination) -> dict[str, Any]:
    """The same for a script."""
    return {
        "errors": seen.count(Severity.ERROR),
        "warnings": seen.count(Severity.WARNING),
        "findings": [asdict(finding) for finding in seen.findings],
        "not_checked": [asdict(unchecked) for unchecked in seen.unchecked],
        "measured": [{"model": name} | _rounded(asdict(measured)) for name, measured in seen.measured.items()],
    }


def _block(finding: Finding) -> Iterator[str]:
    yield one_line(f"{finding.severity}: {finding.check} ({finding.subject})")
    yield f"  what  {one_line(finding.what)}"
    yield f"  why   {one_line(finding.why)}"
    yield f"  fix   {one_line(finding.fix)}"


def _reason(unchecked: Unchecked) -> tuple[str, str]:
    return unchecked.subject, unchecked.why


def _figures(measured: Measured) -> str:
    parts = [
        None if measured.init_s is None else f"starts in {measured.init_s:.2f} s",
        None if measured.row_ms is None else f"answers a row in {measured.row_ms:.1f} ms",
        None if measured.batch_ms is None else f"{measured.batch_rows:,} in {measured.batch_ms:.0f} ms",
        None if measured.peak_mb is None else f"holds {measured.peak_mb:.0f} MB",
    ]
    return ", ".join(part for part in parts if part is not None) or "no answer"


def _rounded(figures: dict[str, Any]) -> dict[str, Any]:
    return {name: round(value, 3) if isinstance(value, float) else value for name, value in figures.items()}


def _some(count: int, noun: str) -> str:
    return f"{count or 'no'} {noun}{'' if count == 1 else 's'}"
