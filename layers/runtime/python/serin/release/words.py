"""A judgement in words, for people and for the record of the release."""

from __future__ import annotations

from collections.abc import Sequence

from serin.release.judgement import Evidence, Verdict
from serin.release.policy import Policy
from serin.release.window import Window


def reason(verdict: Verdict, evidence: Sequence[Evidence], new: Window, policy: Policy) -> str:
    """Why ``verdict`` is what it is, in one line: the measures that decide, with estimates, counts and bounds."""
    if verdict is Verdict.PROMOTE:
        return "shown within its margin: " + "; ".join(one.measure for one in evidence)
    if verdict is Verdict.ROLL_BACK:
        beyond = [one for one in evidence if one.verdict is Verdict.ROLL_BACK]
        return "shown beyond its margin: " + "; ".join(map(_beyond, beyond))
    if new.requests < policy.min_requests:
        return f"clients sent {new.requests:,} requests to the new version; at least {policy.min_requests} are needed"
    return "not yet known: " + "; ".join(_open(one) for one in evidence if one.verdict is Verdict.NOT_ENOUGH_DATA)


def _beyond(one: Evidence) -> str:
    return f"{_compared(one)}, at least {one.low:.2%} more, {one.margin:.2%} is allowed"


def _open(one: Evidence) -> str:
    most = f"at most {one.high:.2%}" if one.high < 100 else "no upper bound yet"
    return f"{_compared(one)}, {most} more, {one.margin:.2%} is allowed"


def _compared(one: Evidence) -> str:
    if one.new is None:
        return f"{one.measure} is unknown"
    if one.measure == "prediction_shift":
        return f"{one.measure} is {one.new:.2%} in {one.new_count:,} rows beside {one.stable_count:,}"
    new = f"{one.measure} is {_value(one.measure, one.new)} in {one.new_count:,} requests"
    if one.stable is None:
        return new
    return f"{new}, {_value(one.measure, one.stable)} in {one.stable_count:,} of the stable version's"


def _value(measure: str, value: float) -> str:
    return f"{value:.2%}" if measure == "error_rate" else f"{value:.4g} ms"
