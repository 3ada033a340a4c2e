"""A release as lines for a terminal. What others have written into its record stays on its line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from textwrap import shorten
from typing import Final

from cli.bench.tables import aligned
from cli.outcome import one_line
from cli.release.remote import Seen
from serin.release.admission import Admission
from serin.release.judgement import Evidence, Verdict
from serin.release.record import Release, Status, Traffic
from serin.release.steps import next_share
from serin.release.window import Window

_VERDICTS: Final = {
    Verdict.PROMOTE: "promote",
    Verdict.ROLL_BACK: "roll back",
    Verdict.NOT_ENOUGH_DATA: "not enough data",
}
_HEAD: Final = [
    *("measure", "new", "stable", "of new", "of stable"),
    *("more, at least", "at most", "allowed", "at this step", "verdict"),
]
_UNBOUNDED: Final = 100
_BRIEF: Final = 100
_UNITS: Final = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def moment(seconds: float) -> str:
    """A time since the epoch in UTC, as ISO 8601 has it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def span(seconds: float) -> str:
    """A length of time in its two largest units: 3 h 41 min, 45 s."""
    left = max(0, round(seconds))
    parts: list[tuple[int, str]] = []
    for unit, length in _UNITS:
        count, left = divmod(left, length)
        parts.append((count, unit))
    first = next((at for at, (count, _) in enumerate(parts) if count), len(parts) - 1)
    return " ".join(f"{count} {unit}" for at, (count, unit) in enumerate(parts[first : first + 2]) if count or not at)


def state(release: Release) -> str:
    """Where it is, in a few words."""
    words = release.status.replace("_", " ")
    if release.status in {Status.BAKING, Status.HELD}:
        return f"{words} at step {release.step + 1} of {len(release.settings.steps)}"
    if release.status is Status.ENDING and release.ending:
        return f"{words}: {release.ending.replace('_', ' ')}"
    return words


def why(release: Release) -> str:
    """The reason of its end, or what the judge says so far."""
    if not release.status.is_undecided:
        return one_line(release.reason)
    if release.status is Status.ADMITTING:
        return "its golden cases come first"
    if release.judgement is None:
        return "not judged yet"
    return one_line(f"{_VERDICTS[release.judgement.verdict]} so far: {release.judgement.why}")


def brief(release: Release) -> str:
    """The same in at most a hundred characters: so far, the verdict without its figures."""
    if release.status in {Status.BAKING, Status.HELD} and release.judgement:
        return f"{_VERDICTS[release.judgement.verdict]} so far"
    return shorten(why(release), _BRIEF, placeholder=" ...")


def begun(by: str, reason: str) -> str:
    """Who has begun a release, and what for."""
    return one_line(f"{by}: {reason}" if reason else by)


def who(by: str) -> str:
    """Of an ARN, what names the caller; anything else as it is."""
    *_, name = by.split(":", 5) if by.startswith("arn:") else [by]
    return name


def called(number: str, model_version: str) -> str:
    """The model's own version, and Lambda's number."""
    return one_line(f"{model_version} ({number})")


def summary(seen: Seen) -> list[str]:
    """The cells of one line, of as many as there are models."""
    release = seen.release
    new = f"{called(release.new, release.model_version)} {_weight(seen.alias, release.new)}"
    stable = f"{called(release.stable, release.stable_model_version)} {_weight(seen.alias, release.stable)}"
    return [
        one_line(release.model),
        f"release {release.number}",
        state(release),
        f"{new}, {release.new_window.requests:,} requests",
        f"{stable}, {release.stable_window.requests:,} requests" if release.stable != release.new else "",
        brief(release),
    ]


def lines(seen: Seen) -> list[str]:
    """All that is known."""
    release = seen.release
    facts = [["started", f"{moment(release.started_at)} by {begun(release.by, release.start_reason)}"]]
    if release.status.is_final:
        facts += [["ended", f"{moment(release.updated_at)}"], ["why", why(release)]]
    else:
        facts += [["judge", why(release)]]
    if release.admission:
        facts += [["golden", _admitted(release.admission)]]
    if release.wish:
        facts += [["asked", one_line(f"{release.wish.kind} by {release.wish.by}: {release.wish.why}")]]
    return [
        f"{one_line(release.model)}: release {release.number}, {_timed(seen)}",
        "",
        *aligned([*_versions(seen)], words=True),
        "",
        *aligned(facts, words=True),
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
    new, stable = called(release.new, release.model_version), called(release.stable, release.stable_model_version)
    yield ["new", new, _weight(alias, release.new), _asked(release.new_window)]
    if release.stable != release.new:
        yield ["stable", stable, _weight(alias, release.stable), _asked(release.stable_window)]
    for number in filter(None, (alias.version, alias.canary)):
        if number not in {release.new, release.stable}:
            yield ["another", one_line(f"version {number}"), _weight(alias, number), ""]


def _weight(alias: Traffic, number: str) -> str:
    """Of the traffic, what a function version has."""
    if alias.canary == number:
        return f"{alias.percent:g} %"
    return f"{100 - alias.percent:g} %" if alias.version == number else "0 %"


def _asked(window: Window) -> str:
    replayed = f", {window.replayed_requests:,} replayed" if window.replayed_requests else ""
    return f"{window.requests:,} requests of clients{replayed}"


def _admitted(found: Admission) -> str:
    """What golden requests showed before the version had traffic."""
    figures = [
        (found.p99_ms, "p99 {:.3g} ms"),
        (found.memory_mb, "at most {:.0f} MB"),
        (found.init_ms, "a start {:,.0f} ms"),
        (found.first_answer_ms, "with its first answer {:,.0f} ms"),
    ]
    known = [words.format(figure) for figure, words in figures if figure is not None]
    return ", ".join([f"{found.requests:,} requests measured", *known])


def _evidence(release: Release) -> Iterator[str]:
    if release.judgement and release.judgement.evidence:
        yield ""
        share = next_share(release)
        yield from aligned([_HEAD, *(_row(one, share) for one in release.judgement.evidence)])


def _row(one: Evidence, share: float) -> list[str]:
    """``share``: of the traffic that comes next; what is allowed before it, see ``judge``."""
    return [
        one_line(one.measure),
        _estimate(one.measure, one.new),
        "-" if one.measure == "prediction_shift" else _estimate(one.measure, one.stable),
        f"{one.new_count:,}",
        f"{one.stable_count:,}",
        f"{one.low:.2%}",
        f"{one.high:.2%}" if one.high < _UNBOUNDED else "no bound",
        f"{one.margin:.2%}",
        f"{one.margin / share:.2%}",
        _VERDICTS[one.verdict],
    ]


def _estimate(measure: str, value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.4g} ms" if measure.startswith("latency") else f"{value:.2%}"
