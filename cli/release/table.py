"""The figures of one scenario by every schedule: a table for a terminal, JSON for a script, a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from cli.bench.plot import Panel, svg
from cli.bench.tables import aligned
from cli.release.outcomes import Summary
from cli.release.schedules import Ending

_HEAD: Final = ("schedule", "promoted", "rolled back", "no verdict", "minutes to it", "bad answers", "")
_MOMENTS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)
_LEAST_SHARE: Final = 0.001
_LEAST_ANSWERS: Final = 0.1


def duration(minutes: float | None) -> str:
    """Short, for a table; a dash where there is none."""
    if minutes is None:
        return "-"
    return f"{minutes:g} min" if minutes < 120 else f"{minutes / 60:.3g} h"


def percent(value: float) -> str:
    """For a table: one decimal, unless it is none or all."""
    return f"{value:.0%}" if value in {0.0, 1.0} else f"{value:.1%}"


def lines(summaries: Sequence[Summary]) -> list[str]:
    """For a terminal. One or more summaries of the same traffic."""
    first = summaries[0]
    new, stable = first.traffic.new, first.traffic.stable
    behaviour = f"errors {stable.error_rate:.3g} -> {new.error_rate:.3g}, slowest {new.slow_share:.0%} of requests"
    return [
        f"{len(first.outcomes)} releases each; {behaviour} x {new.latency_factor:g}, predictions shifted {new.shift:g}",
        "",
        *aligned([_HEAD, *map(_row, summaries)]),
        "",
        "minutes to it: median, of releases with a verdict",
        f"bad answers: mean, that the stable version gives better; first {duration(first.horizon)}, promoted or not",
    ]


def _row(summary: Summary) -> list[str]:
    return [
        summary.schedule,
        *(percent(summary.share(ending)) for ending in Ending),
        duration(summary.minutes()),
        f"{summary.bad_answers():,.0f}",
        "",
    ]


def document(summaries: Sequence[Summary]) -> dict[str, Any]:
    """For a script."""
    first = summaries[0]
    return {
        "requests_per_minute": first.traffic.rate,
        "releases": len(first.outcomes),
        "horizon_minutes": first.horizon,
        "schedules": [
            {
                "schedule": one.schedule,
                **{str(ending): one.share(ending) for ending in Ending},
                "median_minutes": one.minutes(),
                "mean_bad_answers": round(one.bad_answers(), 3),
            }
            for one in summaries
        ],
    }


def picture(summaries: Sequence[Summary]) -> str:
    """SVG: releases without a verdict, and bad answers, as time goes by."""
    horizon = summaries[0].horizon
    moments = [*(float(moment) for moment in _MOMENTS if moment < horizon), horizon]
    undecided = {
        one.schedule: [100 * max(_LEAST_SHARE, one.undecided(moment)) for moment in moments] for one in summaries
    }
    answers = {one.schedule: [max(_LEAST_ANSWERS, one.bad_answers(moment)) for moment in moments] for one in summaries}
    panels = [Panel(f"releases without a verdict, % (drawn from {100 * _LEAST_SHARE:g} on)", undecided)]
    if summaries[0].traffic.harm:
        panels.append(Panel(f"bad answers so far, mean (drawn from {_LEAST_ANSWERS:g} on)", answers))
    return svg("Simulated releases", "minutes", moments, panels)
