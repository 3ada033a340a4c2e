"""The judge, set up as a release's settings say."""

from __future__ import annotations

from serin.release.judge import judge
from serin.release.judgement import Judgement
from serin.release.policy import Policy
from serin.release.record import Settings
from serin.release.steps import Judge
from serin.release.window import Window


def judge_for(settings: Settings) -> Judge:
    """With the manifest's margins and the judge's own risk levels."""
    policy = Policy(
        max_error_increase=settings.max_error_increase,
        max_latency_increase=settings.max_latency_increase,
        max_prediction_shift=settings.max_prediction_shift,
        max_latency_ms=settings.max_latency_ms,
    )

    def judged(new: Window, stable: Window, share: float) -> Judgement:
        return judge(new, stable, policy=policy, share=share)

    return judged
