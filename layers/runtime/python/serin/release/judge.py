"""The judge: may a new version go on, by what it and the stable one did over the same stretch of time.

Every measure of the new version is compared with the same measure of the stable one, each on its own counts since the
release began, so a stable version that fails does not condemn a new one that fails no more often. The bounds hold at
every look (``sequences``), so the judge may be asked as often as one likes, and its verdict acted upon at once.

- **Roll back** when one measure is shown beyond its margin. Each has a part of ``alpha``, and the parts add up to it.
- **Promote** when every measure is shown within its margin, each at ``beta``. A bad version is beyond one of them, and
  that one alone would have to err: nothing is to be divided (an intersection-union test, Berger 1982, "Multiparameter
  hypothesis testing and acceptance sampling"). That harm was not seen is never enough.
- **Not enough data** otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from serin.release.judgement import Evidence, Judgement, Verdict
from serin.release.latency import UNBOUNDED, Quantile, quantile
from serin.release.policy import Policy
from serin.release.predictions import Rows, shift
from serin.release.sequences import (
    Count,
    highest_difference,
    highest_share,
    lowest_difference,
    lowest_share,
)
from serin.release.window import Window
from serin.release.words import reason

QUANTILES: Final = {"latency_p50": 0.50, "latency_p95": 0.95, "latency_p99": 0.99}
_KINDS: Final = 3
"""Errors, latency, predictions: each has a third of ``alpha``."""


def judge(new: Window, stable: Window, *, policy: Policy, share: float = 1.0) -> Judgement:
    """Whether ``new`` may go on beside or in place of ``stable``.

    Both windows count from the beginning of the release. ``share`` (above 0, at most 1) is the part of the traffic that
    ``new`` is to have next. Below 1, it has to be shown for promotion that all clients taken together would be no worse
    than by the margins: that ``new`` itself is within ``margin / share``. With 1 it has to be within the margins.
    Rolling back does not depend on it.

    Where the stable version has had no request and no replay, ``new`` is judged alone: its error rate by
    ``max_error_increase``, its p99 by ``max_latency_ms``, its predictions not at all.
    """
    evidence = (*_errors(new, stable, policy, share), *_latencies(new, stable, policy, share))
    evidence += tuple(_predictions(new, stable, policy, share))
    verdict = _overall(evidence, new, policy)
    return Judgement(verdict=verdict, why=reason(verdict, evidence, new, policy), evidence=evidence)


def _overall(evidence: tuple[Evidence, ...], new: Window, policy: Policy) -> Verdict:
    verdicts = {one.verdict for one in evidence}
    if Verdict.ROLL_BACK in verdicts:
        return Verdict.ROLL_BACK
    if verdicts == {Verdict.PROMOTE} and new.requests >= policy.min_requests:
        return Verdict.PROMOTE
    return Verdict.NOT_ENOUGH_DATA


def _verdict(low: float, high: float, margin: float, share: float) -> Verdict:
    if low > margin:
        return Verdict.ROLL_BACK
    return Verdict.PROMOTE if high <= margin / share else Verdict.NOT_ENOUGH_DATA


def _errors(new: Window, stable: Window, policy: Policy, share: float) -> Iterator[Evidence]:
    """Golden requests, of either version, count beside clients' own, as far as these do not say otherwise."""
    clients, beside = Count(new.errors, new.requests), Count(stable.errors, stable.requests)
    together, all_beside = _all_requests(new), _all_requests(stable)
    risk = policy.alpha / _KINDS
    if new.replayed_requests:
        low = max(_least_more(clients, beside, risk / 2), _least_more(together, all_beside, risk / 2))
    else:
        low = _least_more(clients, beside, risk)
    high = _most_more(together, all_beside, policy.beta)
    margin = policy.max_error_increase
    verdict = _verdict(low, high, margin, share)
    points_beyond = (clients.share or 0.0) - (beside.share or 0.0) > margin / share
    if verdict is Verdict.PROMOTE and points_beyond:
        verdict = Verdict.NOT_ENOUGH_DATA
    yield Evidence(
        measure="error_rate",
        new=together.share,
        stable=all_beside.share,
        low=low,
        high=high,
        margin=margin,
        new_count=together.trials,
        stable_count=all_beside.trials,
        verdict=verdict,
    )


def _all_requests(window: Window) -> Count:
    return Count(window.errors + window.replayed_errors, window.requests + window.replayed_requests)


def _least_more(new: Count, stable: Count, risk: float) -> float:
    return lowest_difference(new, stable, risk=risk) if stable.trials else lowest_share(new, risk=risk)


def _most_more(new: Count, stable: Count, risk: float) -> float:
    return highest_difference(new, stable, risk=risk) if stable.trials else highest_share(new, risk=risk)


@dataclass(frozen=True, slots=True)
class _Compared:
    """One quantile of both; ``low`` and ``high`` bound the increase as a share of the stable one's."""

    new: Quantile
    stable: Quantile
    low: float
    high: float
    counts: tuple[int, int]


def _latencies(new: Window, stable: Window, policy: Policy, share: float) -> Iterator[Evidence]:
    """Clients' requests with clients', golden ones with golden ones: never one kind with the other."""
    pairs = [(new.latencies, stable.latencies), (new.replayed_latencies, stable.replayed_latencies)]
    pairs = [pair for pair in pairs if all(map(_total, pair))]
    if not pairs and not stable.requests:
        yield from _latency_alone(new, policy)
        return
    parts = max(1, len(pairs))
    low_risk = policy.alpha / _KINDS / len(QUANTILES) / parts
    for measure, at in QUANTILES.items():
        found = [_compared(*pair, at, low_risk, policy.beta / parts) for pair in pairs or [({}, {})]]
        low, high = max(one.low for one in found), min(one.high for one in found)
        margin = policy.max_latency_increase
        yield Evidence(
            measure=measure,
            new=found[0].new.estimate,
            stable=found[0].stable.estimate,
            low=low,
            high=high,
            margin=margin,
            new_count=found[0].counts[0],
            stable_count=found[0].counts[1],
            verdict=_verdict(low, high, margin, share),
        )


def _compared(
    new: Mapping[float, int], stable: Mapping[float, int], at: float, low_risk: float, high_risk: float
) -> _Compared:
    ours = quantile(new, at, low_risk=low_risk / 2, high_risk=high_risk / 2)
    theirs = quantile(stable, at, low_risk=high_risk / 2, high_risk=low_risk / 2)
    low = ours.low / theirs.high - 1
    high = ours.high / theirs.low - 1 if theirs.low else UNBOUNDED
    return _Compared(ours, theirs, low, min(high, UNBOUNDED), (_total(new), _total(stable)))


def _total(latencies: Mapping[float, int]) -> int:
    return sum(latencies.values())


def _latency_alone(new: Window, policy: Policy) -> Iterator[Evidence]:
    """The p99 against what the manifest promises, where there is nothing to compare with."""
    if policy.max_latency_ms is None:
        return
    found = quantile(new.latencies, QUANTILES["latency_p99"], low_risk=policy.alpha / _KINDS, high_risk=policy.beta)
    low, high = found.low / policy.max_latency_ms - 1, found.high / policy.max_latency_ms - 1
    yield Evidence(
        measure="latency_p99",
        new=found.estimate,
        stable=None,
        low=low,
        high=high,
        margin=0.0,
        new_count=sum(new.latencies.values()),
        stable_count=0,
        verdict=_verdict(low, high, 0.0, 1.0),
    )


def _predictions(new: Window, stable: Window, policy: Policy, share: float) -> Iterator[Evidence]:
    margin = policy.max_prediction_shift
    if margin is None or not stable.requests:
        return
    ours, theirs = (Rows(each.predictions, each.requests - each.errors) for each in (new, stable))
    known = ours.total and theirs.total
    found = shift(ours, theirs, low_risk=policy.alpha / _KINDS, high_risk=policy.beta) if known else None
    low, high = (found.low, found.high) if found else (0.0, 1.0)
    yield Evidence(
        measure="prediction_shift",
        new=found.estimate if found else None,
        stable=0.0 if found else None,
        low=low,
        high=high,
        margin=margin,
        new_count=ours.total,
        stable_count=theirs.total,
        verdict=_verdict(low, high, margin, share),
    )
