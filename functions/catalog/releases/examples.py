"""What the OpenAPI document shows of the answers: a release on its way, which began after one that was promoted."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from functions.catalog.releases.answers import release_detail, release_list
from functions.catalog.releases.schemas import ReleaseDetail, ReleaseList
from serin.release.admission import Admission
from serin.release.judgement import Evidence, Judgement, Verdict
from serin.release.record import Release, Settings, Status, Traffic, begin
from serin.release.window import Window

_BEGUN: Final = 1_790_000_000.0
_DAY: Final = 86_400.0
_STEPS: Final = Settings(steps=(5, 25, 50))
_BY: Final = "arn:aws:iam::111122223333:user/ada"


def _begun(number: int, stable: str, new: str, model_version: str, at: float) -> Release:
    return begin(
        model="churn",
        number=number,
        cause="",
        stable=stable,
        new=new,
        model_version=model_version,
        settings=_STEPS,
        now=at,
        by=_BY,
        reason="deploy",
    )


_JUDGEMENT: Final = Judgement(
    verdict=Verdict.NOT_ENOUGH_DATA,
    why="not yet known: error_rate is 0.41% in 245 requests, 0.30% in 4,655 of the stable version's, at most 2.91% "
    "more, 1.00% is allowed",
    evidence=(
        Evidence(
            measure="error_rate",
            new=0.0041,
            stable=0.003,
            low=-0.0062,
            high=0.0291,
            margin=0.01,
            new_count=245,
            stable_count=4655,
            verdict=Verdict.NOT_ENOUGH_DATA,
        ),
    ),
)
_PROMOTED: Final = replace(
    _begun(1, "3", "4", "1.1.0", _BEGUN - _DAY),
    stable_model_version="1.0.0",
    status=Status.PROMOTED,
    step=2,
    target=Traffic(version="4"),
    updated_at=_BEGUN - _DAY + 2700,
    reason="shown within its margin: error_rate; latency_p50; latency_p95; latency_p99; prediction_shift",
)
_BAKING: Final = replace(
    _begun(2, "4", "5", "1.2.0", _BEGUN),
    stable_model_version="1.1.0",
    admission=Admission(requests=100, p99_ms=0.572, memory_mb=49.387, init_ms=138.493, first_answer_ms=139.937),
    status=Status.BAKING,
    step=0,
    step_since=_BEGUN + 40,
    target=Traffic(version="4", canary="5", percent=5),
    updated_at=_BEGUN + 140,
    observed_until=_BEGUN + 130,
    new_window=Window(requests=245, errors=1, predictions={"0": 180, "1": 65}),
    stable_window=Window(requests=4655, errors=14, predictions={"0": 3390, "1": 1265}),
    judgement=_JUDGEMENT,
)

LIST: Final[ReleaseList] = release_list("churn", (_BAKING, _PROMOTED))
DETAIL: Final[ReleaseDetail] = release_detail(_BAKING)
