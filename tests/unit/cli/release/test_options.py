from __future__ import annotations

import pytest

from cli.outcome import CommandError
from cli.release.options import requests_a_minute, share, steps


@pytest.mark.parametrize(("text", "rate"), [("10/h", 1 / 6), ("30/m", 30.0), ("1000/s", 60_000.0), (" 0.5/s ", 30.0)])
def test_a_rate_is_read(text: str, rate: float) -> None:
    assert requests_a_minute(text) == pytest.approx(rate)


@pytest.mark.parametrize("text", ["", "10", "0/s", "-1/s", "1/d", "1e3/s", "nan/s", "100001/s", "١/s"])
def test_other_rates_are_refused(text: str) -> None:
    with pytest.raises(CommandError, match="--traffic: expected"):
        requests_a_minute(text)


@pytest.mark.parametrize(("text", "value"), [("0.1%", 0.001), ("5 %", 0.05), ("0.25", 0.25), ("0", 0.0), ("100%", 1.0)])
def test_a_share_is_read(text: str, value: float) -> None:
    assert share("--shift", text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "5", "101%", "-1%", "nan", "1e-3"])
def test_other_shares_are_refused(text: str) -> None:
    with pytest.raises(CommandError, match="--shift: expected a share up to 1"):
        share("--shift", text)


def test_steps_are_read() -> None:
    assert steps("5, 25,50") == (5, 25, 50)
    assert steps("100") == (100,)


@pytest.mark.parametrize("text", ["", "5,5", "50,25", "0,5", "5,101", "5;25", ",".join(map(str, range(1, 22)))])
def test_other_steps_are_refused(text: str) -> None:
    with pytest.raises(CommandError, match="--steps: expected"):
        steps(text)
