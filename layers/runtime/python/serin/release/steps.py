"""What a release does next: a pure function of its record, of what is seen, and of the time.

Whoever carries an action out may be killed before, amid or after it. So nothing is concluded from having acted, all
from what is seen: the record first says what the alias is to be, then the alias is made so, then it is seen to be so.
Every step may be taken twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from serin.release.admission import Admission
from serin.release.judgement import Judgement, Verdict
from serin.release.record import Release, Status, Traffic, WishKind
from serin.release.window import Window

POLL_SECONDS: Final = 20.0
"""Longest time between two looks, well within the minute in which an alarm must have stopped a release."""

_LONGEST_REASON: Final = 2000
"""Characters."""

Judge = Callable[[Window, Window, float], Judgement]
"""To a verdict: the new version's window and the stable one's, over the same minutes, and the share of the traffic that
the new version is to have next."""


@dataclass(frozen=True, kw_only=True)
class Observation:
    """What is seen at one moment.

    ``alias``: as it is now. ``alarms``: those that are raised. ``admission``: what golden requests showed; None where
    the new version has not been asked.
    """

    alias: Traffic
    alarms: tuple[str, ...] = ()
    admission: Admission | None = None


@dataclass(frozen=True, kw_only=True)
class Save:
    """Write the record."""

    release: Release


@dataclass(frozen=True, kw_only=True)
class Move:
    """Make the alias ``target``, if it still is as it was seen."""

    target: Traffic


@dataclass(frozen=True, kw_only=True)
class Admit:
    """Send the golden cases to the new version, by its number, and look again with what came of it."""


@dataclass(frozen=True, kw_only=True)
class Wait:
    """Look again after ``seconds``. ``replay``: golden requests are wanted, as clients send too few."""

    seconds: float
    replay: bool = False


@dataclass(frozen=True, kw_only=True)
class Done:
    """Nothing is left to do."""


Action = Save | Move | Admit | Wait | Done


def next_action(release: Release, seen: Observation, now: float, judge: Judge) -> Action:
    """The one thing to do now.

    After Save, Move and Admit it is asked again at once; after Wait later; after Done never.
    """
    if release.status.is_final:
        return Done()
    if seen.alias != release.target:
        return _astray(release, seen, now)
    if not release.is_settled:
        return _settled(release, seen, now)
    return _stopped(release, seen, now) or _onwards(release, seen, now, judge)


def turned_away(release: Release, why: str, now: float) -> Release:
    """What is due where the alias can never be what it was to be: the stable version, as far as it has not all yet."""
    stable = Traffic(version=release.stable)
    why = f"the alias cannot be {_told(release.target)}: {why}"
    stays = replace(release, target=release.previous, is_settled=True)
    if release.target == stable:
        return _end(stays, Status.INTERRUPTED, f"{why}; it is left as it is", now).release
    return _turn(stays, stable, Status.ROLLED_BACK, why, now).release


def next_share(release: Release) -> float:
    """Of the traffic, that the new version has after the step it is at; 1 is all of it."""
    steps = release.settings.steps
    return steps[release.step + 1] / 100 if release.step + 1 < len(steps) else 1.0


def _astray(release: Release, seen: Observation, now: float) -> Action:
    """The change is still to be made, or somebody else has made another, which stays as it is."""
    if not release.is_settled and seen.alias == release.previous:
        return Move(target=release.target)
    why = f"the alias is {_told(seen.alias)}, which this release did not set; it is left so"
    return _end(release, Status.INTERRUPTED, why, now)


def _settled(release: Release, seen: Observation, now: float) -> Save:
    """The alias is what it was to be."""
    if release.ending is not None:
        return _end(replace(release, is_settled=True), release.ending, release.reason, now)
    if release.step == 0:
        # Both versions are compared over the same minutes, so nothing counts from before the new one was called.
        release = replace(release, observed_from=now, observed_until=now, ignored_alarms=seen.alarms)
    return Save(release=_news(replace(release, is_settled=True, step_since=now, updated_at=now), "shifted"))


def _stopped(release: Release, seen: Observation, now: float) -> Save | None:
    """What ends a release whatever its figures are: a wish, or an alarm that was not raised before."""
    wish = release.wish
    if wish is not None:
        why = f"{wish.why} ({wish.by})"
        if wish.kind is WishKind.PROMOTE and release.status is Status.ADMITTING:
            return None  # a person may overrule the judge, not the golden cases
        if wish.kind is WishKind.PROMOTE:
            return _turn(release, Traffic(version=release.new), Status.PROMOTED, why, now)
        ending = Status.ABORTED if wish.kind is WishKind.ABORT else Status.SUPERSEDED
        return _turn(release, Traffic(version=release.stable), ending, why, now)
    raised = [alarm for alarm in seen.alarms if alarm not in release.ignored_alarms]
    if raised and release.status is not Status.ADMITTING:
        why = f"alarm raised: {', '.join(raised)}"
        return _turn(release, Traffic(version=release.stable), Status.ROLLED_BACK, why, now)
    return None


def _onwards(release: Release, seen: Observation, now: float, judge: Judge) -> Action:
    if release.status is not Status.ADMITTING:
        return _judged(release, now, judge)
    if seen.admission is None:
        return Admit()
    known = replace(release, admission=seen.admission)
    if seen.admission.problems:
        return _end(known, Status.REFUSED, "; ".join(seen.admission.problems), now)
    return _shift(known, now)


def _shift(release: Release, now: float) -> Save:
    """To the next step, or to all of the traffic after the last."""
    step = release.step + 1
    if step >= len(release.settings.steps):
        why = release.judgement.why if release.judgement else release.reason
        return _turn(release, Traffic(version=release.new), Status.PROMOTED, why, now)
    shifted = replace(release, status=Status.BAKING, step=step)
    return Save(release=_planned(shifted, _share(release, release.settings.steps[step]), now))


def _share(release: Release, percent: int) -> Traffic:
    """All of the traffic goes without weights, which Lambda does not take beside provisioned concurrency."""
    if percent == 100:
        return Traffic(version=release.new)
    return Traffic(version=release.stable, canary=release.new, percent=percent)


def _judged(release: Release, now: float, judge: Judge) -> Action:
    """A release goes back as soon as it is known to be bad, and on when it is known to be good and has baked."""
    judgement = judge(release.new_window, release.stable_window, next_share(release))
    known = replace(release, judgement=judgement)
    if judgement.verdict is Verdict.ROLL_BACK:
        return _turn(known, Traffic(version=release.stable), Status.ROLLED_BACK, judgement.why, now)
    left = release.step_since + release.settings.bake_seconds - now
    if left > 0:
        return Wait(seconds=min(left, POLL_SECONDS))
    if judgement.verdict is Verdict.PROMOTE:
        return _shift(known, now)
    return _undecided(known, now)


def _undecided(release: Release, now: float) -> Action:
    """Too few have called it: hold, and never promote."""
    is_over = now >= release.started_at + release.settings.max_seconds
    if is_over and not release.settings.hold:
        why = f"time is up: {release.judgement.why if release.judgement else ''}"
        return _turn(release, Traffic(version=release.stable), Status.ROLLED_BACK, why, now)
    if release.status is not Status.HELD:
        return Save(release=_news(replace(release, status=Status.HELD, updated_at=now), "held"))
    wants_replay = not is_over and not _replays_tell_no_more(release.judgement)
    return Wait(seconds=min(release.settings.bake_seconds, POLL_SECONDS), replay=wants_replay)


def _replays_tell_no_more(judgement: Judgement | None) -> bool:
    """Whether errors and speed are known: golden requests tell of these alone, and each of them costs an invocation."""
    told = [one for one in judgement.evidence if one.measure != "prediction_shift"] if judgement else []
    return bool(told) and all(one.verdict is Verdict.PROMOTE for one in told)


def _turn(release: Release, target: Traffic, ending: Status, why: str, now: float) -> Save:
    """Decide how it ends; the alias is still to be made so, if it is not."""
    if release.target == target:
        return _end(release, ending, why, now)
    turned = replace(release, status=Status.ENDING, ending=ending, reason=_short(why), wish=None)
    return Save(release=_planned(turned, target, now))


def _planned(release: Release, target: Traffic, now: float) -> Release:
    return replace(release, previous=release.target, target=target, is_settled=False, updated_at=now)


def _end(release: Release, status: Status, why: str, now: float) -> Save:
    ended = replace(release, status=status, ending=None, reason=_short(why), wish=None, updated_at=now)
    return Save(release=_news(ended, status.value))


def _news(release: Release, event: str) -> Release:
    return replace(release, untold=(*release.untold, event))


def _short(why: str) -> str:
    """Within what an item, an event and a message may hold: a wrong answer that is told may be a long one."""
    return why if len(why) <= _LONGEST_REASON else f"{why[: _LONGEST_REASON - 3]}..."


def _told(alias: Traffic) -> str:
    if alias.canary is None:
        return f"on version {alias.version}"
    return f"on version {alias.version}, with {alias.percent:g} % on {alias.canary}"
