"""A release as lines for a terminal. What others have written into its record is shown on one line, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from cli.bench.tables import aligned
from cli.outcome import one_line
from cli.release.remote import Seen
from serin.release.judgement import Evidence, Verdict
from serin.release.record import Release, Status, Traffic
from serin.release.window import Window

VERDICTS: Final = {
    Verdict.PROMOTE: "promote",
    Verdict.ROLL_BACK: "roll back",
    Verdict.NOT_ENOUGH_DATA: "not enough data",
}
_HEAD: Final = ("measure", "new", "stable", "of new", "of stable", "more, at least", "at most", "allowed", "verdict")
_UNBOUNDED: Final = 100
_MINUTE: Final = 60
_UNITS: Final = (("d", 86_400), ("h", 3_600), ("min", _MINUTE), ("s", 1))


def moment(seconds: float) -> str:
    """A time since the epoch in UTC, as ISO 8601 has it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def span(seconds: float) -> str:
    """A length of time in its two largest units: 3 h 41 min, 45 s."""
    left = max(0, round(seconds))
    parts: list[str] = []
    for unit, length in _UNITS:
        count, left = divmod(left, length)
        if count or (unit == "s" and not parts):
            parts.append(f"{count} {unit}")
        elif parts:
            break
    return " ".join(parts[:2])


def state(release: Release) -> str:
    """Where it is, in a few words."""
    words = release.status.replace("_", " ")
    if release.status in {Status.BAKING, Status.HELD}:
        steps = release.settings.steps
        return f"{words} at step {release.step + 1} of {len(steps)}"
    if release.status is Status.ENDING and release.ending:
        return f"{words}: {release.ending.replace('_', ' ')}"
    return words


def why(release: Release) -> str:
    """The reason of its end, or what the judge says so far."""
    if release.status.is_final or release.status is Status.ENDING:
        return one_line(release.reason)
    if release.status is Status.ADMITTING:
        return "its golden cases come first"
    if release.judgement is None:
        return "not judged yet"
    return one_line(f"{VERDICTS[release.judgement.verdict]} so far: {release.judgement.why}")


def who(by: str) -> str:
    """Of an ARN, what names the caller; anything else as it is."""
    return one_line(by.split(":", 5)[5] if by.startswith("arn:") and by.count(":") >= 5 else by)


def called(number: str, model_version: str) -> str:
    """The model's own version, and Lambda's number."""
    return one_line(f"{model_version} ({number})")


def weight(alias: Traffic, number: str) -> str:
    """Of the traffic, what a function version has."""
    if alias.canary == number:
        return f"{alias.percent:g} %"
    return f"{100 - alias.percent:g} %" if alias.version == number else "0 %"


def summary(seen: Seen) -> str:
    """One line."""
    release = seen.release
    new, stable = called(release.new, release.model_version), called(release.stable, release.stable_model_version)
    shares = f"{new} {weight(seen.alias, release.new)}"
    if release.stable != release.new:
        shares += f", {stable} {weight(seen.alias, release.stable)}"
    return f"{release.model}: release {release.number}, {state(release)}; {shares}; {why(release)}"


def lines(seen: Seen) -> list[str]:
    """All that is known."""
    release = seen.release
    return [
        f"{release.model}: release {release.number}, {_timed(seen)}",
        "",
        *aligned([*_versions(seen)], words=True),
        "",
        f"started  {moment(release.started_at)} by {one_line(release.by)}: {one_line(release.start_reason)}",
        *([f"ended    {moment(release.updated_at)}"] if release.status.is_final else []),
        *([f"asked    {one_line(f'{release.wish.kind} by {release.wish.by}')}"] if release.wish else []),
        f"{'why' if release.status.is_final else 'judge'}      "[:9] + why(release),
        *_evidence(release),
    ]


def _timed(seen: Seen) -> str:
    release, settings = seen.release, seen.release.settings
    if release.status.is_final:
        return f"{state(release)} after {span(release.updated_at - release.started_at)}"
    left = release.started_at + settings.max_seconds - seen.now
    until = f"{span(left)} left of {span(settings.max_seconds)}" if left > 0 else "its time is up"
    return f"{state(release)} for {span(seen.now - release.step_since)}, {until}"


def _versions(seen: Seen) -> Iterator[list[str]]:
    release, alias = seen.release, seen.alias
    for name, number, model_version, window in (
        ("new", release.new, release.model_version, release.new_window),
        ("stable", release.stable, release.stable_model_version, release.stable_window),
    ):
        if name == "new" or release.stable != release.new:
            yield [name, called(number, model_version), weight(alias, number), _asked(window)]
    for number in filter(None, (alias.version, alias.canary)):
        if number not in {release.new, release.stable}:
            yield ["other", called(number, "of another release"), weight(alias, number), ""]


def _asked(window: Window) -> str:
    replayed = f", {window.replayed_requests:,} replayed" if window.replayed_requests else ""
    return f"{window.requests:,} requests of clients{replayed}"


def _evidence(release: Release) -> Iterator[str]:
    if release.judgement and release.judgement.evidence:
        yield ""
        yield from aligned([_HEAD, *map(_row, release.judgement.evidence)])


def _row(one: Evidence) -> list[str]:
    return [
        one_line(one.measure),
        _estimate(one.measure, one.new),
        "-" if one.measure == "prediction_shift" else _estimate(one.measure, one.stable),
        f"{one.new_count:,}",
        f"{one.stable_count:,}",
        f"{one.low:.2%}",
        f"{one.high:.2%}" if one.high < _UNBOUNDED else "no bound",
        f"{one.margin:.2%}",
        VERDICTS[one.verdict],
    ]


def _estimate(measure: str, value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.4g} ms" if measure.startswith("latency") else f"{value:.2%}"
