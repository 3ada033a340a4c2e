"""Whether a variant may take the model's place: it answers alike, its golden cases hold, the metric does not fall."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cli.optimize.golden import GoldenAnswers, golden_answers, golden_problems
from cli.optimize.invariance import Invariance, batch_invariance
from cli.optimize.making import Variant
from cli.optimize.metric import metric
from cli.optimize.rows import AskedRows
from cli.packaging.onnx_session import OnnxSession
from cli.packaging.parity import compare, tolerances_of
from cli.packaging.source import Answers
from serin.errors import SerinError
from serin.golden import GoldenCase
from serin.lock import Parity
from serin.manifest import Classification, Manifest, Tolerance

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

LABEL_AGREEMENT: Final = 0.99
"""Least share of rows that a classifier with fewer digits must call as the model does."""
SPREAD_SHARE: Final = 0.1
"""Of the standard deviation of the model's answers: how far a number with fewer digits may be off where the metric
holds. The metric does not see one golden case, at the edge of the data, that is far off.
"""


@dataclass(frozen=True, kw_only=True)
class Questions:
    """What every variant is asked. ``batched``: whether several of the rows may go into one run."""

    manifest: Manifest
    rows: AskedRows
    cases: Sequence[GoldenCase]
    batched: bool


@dataclass(frozen=True, kw_only=True)
class Bar(Questions):
    """What their answers are held to. ``answers``: of the model as it is; ``target``: as the metric takes it.

    ``tolerances``: by output, those that a person has widened. ``metric``: of the model as it is.
    """

    answers: Mapping[str, Array]
    tolerances: Mapping[str, Tolerance]
    max_metric_drop: float
    target: Array | None = None
    metric: float | None = None


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What was found of one variant. ``problems``: why it must not be chosen; empty where it may.

    ``tolerances``: by output, where those of the manifest have to be widened for it.
    """

    parity: Parity | None = None
    metric: float | None = None
    invariance: Invariance | None = None
    tolerances: Mapping[str, Tolerance]
    problems: tuple[str, ...] = ()

    @property
    def passes(self) -> bool:
        return not self.problems


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a variant answers, asked as it would be served: row by row where a batch would change answers."""

    answers: Mapping[str, Array]
    golden: GoldenAnswers
    invariance: Invariance


def ask(variant: Variant, questions: Questions) -> Asked | str:
    """Open one variant, the model as it is too, and ask it everything; or why it does not answer."""
    try:
        session = OnnxSession(variant.served.read_bytes(), format=variant.served_format)
        invariance = (
            batch_invariance(session, questions.rows.tensors, questions.manifest) if questions.batched else "single"
        )
        alone = invariance in {"varies", "single"}  # and so it would be served
        answers = session.run(questions.rows.tensors, rows_a_run=1) if alone else session.run(questions.rows.tensors)
        return Asked(
            answers=answers, golden=golden_answers(variant, questions.manifest, questions.cases), invariance=invariance
        )
    except SerinError as error:
        return f"does not answer: {error.message}"


def judge(variant: Variant, asked: Asked, bar: Bar) -> Judgement:
    """Hold what one variant answers to the bar."""
    tolerances = _widened(variant, asked, bar)
    all_tolerances = tolerances_of(bar.manifest) | tolerances
    found = compare(Answers(outputs=bar.answers), asked.answers, bar.manifest.prediction, all_tolerances)
    scored = None if bar.target is None else metric(bar.manifest.prediction, asked.answers, bar.target)
    problems = _endless(tolerances)
    if not problems and not found.holds:
        problems.append(f"{found.outside} of {len(bar.rows)} rows out of tolerance: {found.worst[0]}")
    problems += _label_problems(variant, found.parity)
    problems += golden_problems(asked.golden, all_tolerances, bar.manifest, bar.cases)
    problems += _metric_problems(variant, tolerances, scored, bar)
    return Judgement(
        parity=found.parity,
        metric=scored,
        invariance=asked.invariance,
        tolerances=tolerances,
        problems=tuple(problems),
    )


# --- Tolerances -----------------------------------------------------------------------------------------------


def _widened(variant: Variant, asked: Asked, bar: Bar) -> dict[str, Tolerance]:
    """The tolerances that the manifest would have to have, where its own do not hold.

    That is what a person allows; failing that, for a variant with fewer digits, what was measured, rounded up to one
    digit.
    """
    widened = {}
    golden_holds = not golden_problems(asked.golden, {}, bar.manifest, bar.cases)
    read_from = asked.golden.differences.keys()
    for output, declared in tolerances_of(bar.manifest).items():
        due, got = Answers(outputs={output: bar.answers[output]}), {output: asked.answers[output]}
        found = compare(due, got, bar.manifest.prediction, {output: declared})
        if found.holds and (output not in read_from or golden_holds):
            continue
        if output in bar.tolerances:
            widened[output] = bar.tolerances[output]
        elif variant.is_lossy:
            measured = max(found.parity.outputs[output].absolute_max, asked.golden.differences.get(output, 0.0))
            absolute = max(declared.absolute, one_digit_up(measured))
            widened[output] = Tolerance(absolute=absolute, relative=declared.relative)
    return {output: new for output, new in widened.items() if new != tolerances_of(bar.manifest)[output]}


def one_digit_up(figure: float) -> float:
    """The next number of one digit that is not below ``figure``."""
    if not figure or not math.isfinite(figure):
        return figure
    rounded = float(f"{figure:.0e}")
    return rounded if rounded >= figure else float(f"{figure + 10.0 ** math.floor(math.log10(figure)):.0e}")


def _endless(tolerances: Mapping[str, Tolerance]) -> list[str]:
    return [
        f"{output}: not a number, or of another shape, where the model has one"
        for output, tolerance in tolerances.items()
        if not math.isfinite(tolerance.absolute)
    ]


# --- Labels and the metric ------------------------------------------------------------------------------------


def _label_problems(variant: Variant, parity: Parity) -> list[str]:
    agreement = parity.label_agreement
    if not variant.is_lossy or agreement is None or agreement >= LABEL_AGREEMENT:
        return []
    return [f"calls {100 * agreement:.4g} % of the rows as the model does, and {100 * LABEL_AGREEMENT:g} % are due"]


def _metric_problems(
    variant: Variant, tolerances: Mapping[str, Tolerance], scored: float | None, bar: Bar
) -> list[str]:
    if scored is None or bar.metric is None:
        return _too_wide(variant, tolerances, bar, share=0.0)
    drop = bar.metric - scored
    # A metric that is no number has fallen, too.
    fallen = [] if drop <= bar.max_metric_drop else [f"the metric falls by {drop:.4g}, over {bar.max_metric_drop:g}"]
    return fallen + _too_wide(variant, tolerances, bar, share=SPREAD_SHARE)


def _too_wide(variant: Variant, tolerances: Mapping[str, Tolerance], bar: Bar, *, share: float) -> list[str]:
    """Numbers that are off by more than ``share`` of the standard deviation of the model's answers, unless a person
    has said how far will do. A classifier is held by its labels.
    """
    if not variant.is_lossy or isinstance(bar.manifest.prediction, Classification):
        return []
    for output, tolerance in tolerances.items():
        if output not in bar.tolerances and not tolerance.absolute <= share * float(bar.answers[output].std()):
            needed = "say by --tolerance" if share else "give --target, or say by --tolerance"
            return [f"{output} is off by up to {tolerance.absolute:g}; {needed} {output}=... that this will do"]
    return []
