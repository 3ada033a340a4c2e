"""What a release is judged by: margins, and the risks of being wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class Margins(Protocol):
    """What a manifest's ``release`` says of them; the package stands without the manifest's decoder."""

    @property
    def max_error_increase(self) -> float: ...
    @property
    def max_latency_increase(self) -> float: ...
    @property
    def max_prediction_shift(self) -> float: ...


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Margins and risks.

    ``max_error_increase``: difference of error rates. ``max_latency_increase``: share of the stable version's latency.
    ``max_prediction_shift``: total variation distance, 0 to 1; None does not judge predictions. ``max_latency_ms``:
    p99 of a new version that has no stable one beside it; None does not judge it then. ``alpha``: probability that a
    version within all margins is ever rolled back, at most. ``beta``: probability that a version beyond one of them is
    ever promoted, at most. ``min_requests``: fewer of clients' requests never promote, whatever was replayed.
    """

    max_error_increase: float
    max_latency_increase: float
    max_prediction_shift: float | None
    max_latency_ms: float | None = None
    alpha: float = 0.01
    beta: float = 0.01
    min_requests: int = 20


def policy_of(release: Margins, *, max_latency_ms: float | None = None, predictions: bool = True) -> Policy:
    """The policy of a manifest's ``release``.

    ``max_latency_ms`` is the manifest's ``serving.latency_target_ms``; ``predictions``, whether bins of the answers are
    logged: the model has a baseline of them, and ``monitoring.drift`` is on.
    """
    return Policy(
        max_error_increase=release.max_error_increase,
        max_latency_increase=release.max_latency_increase,
        max_prediction_shift=release.max_prediction_shift if predictions else None,
        max_latency_ms=max_latency_ms,
    )
