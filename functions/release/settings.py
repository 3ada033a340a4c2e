"""What the release functions are told by their environment."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Environment:
    """Names and addresses of one model's resources.

    ``tolerances``: absolute and relative, by output; the one under the empty name holds for a prediction that is no
    tensors. ``lag_seconds``: how long a line may take from a function to where it is found;
    ``metric_lag_seconds``: how long after its end a minute of CloudWatch's metrics may change.
    """

    model: str
    function: str
    alias: str
    table: str
    log_group: str
    alarms: tuple[str, ...]
    topic: str
    state_machine: str
    tolerances: Mapping[str, tuple[float, float]]
    lag_seconds: float
    metric_lag_seconds: float

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> Environment:
        """Raises KeyError where one is missing."""
        tolerances = json.loads(environment["TOLERANCES"])
        return cls(
            model=environment["MODEL"],
            function=environment["FUNCTION"],
            alias=environment["ALIAS"],
            table=environment["TABLE"],
            log_group=environment["LOG_GROUP"],
            alarms=tuple(environment["ALARMS"].split(",")),
            topic=environment["TOPIC"],
            state_machine=environment["STATE_MACHINE"],
            tolerances={output: (absolute, relative) for output, (absolute, relative) in tolerances.items()},
            lag_seconds=float(environment["LAG_SECONDS"]),
            metric_lag_seconds=float(environment["METRIC_LAG_SECONDS"]),
        )
