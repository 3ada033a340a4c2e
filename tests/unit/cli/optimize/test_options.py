from __future__ import annotations

from pathlib import Path

import pytest

from cli.main import run
from cli.optimize.options import METRIC_DROP, optimize_options
from cli.outcome import ExitCode

DATA = Path("rows.csv")


def test_kinds_come_in_one_list_or_in_several_once_each() -> None:
    assert optimize_options(quantize=["fp16,int8", "int8"]).quantize == ("int8", "fp16")


def test_the_metric_may_fall_a_little_where_nobody_says() -> None:
    assert optimize_options(data=DATA, target="y").max_metric_drop == METRIC_DROP
    assert optimize_options(data=DATA, target="y", max_metric_drop=0.0).max_metric_drop == 0.0


def test_the_help_states_the_rule_and_the_gates(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["optimize", "--help"]) == ExitCode.OK
    told = " ".join(capsys.readouterr().out.split())
    for rule in (
        "smallest p50",
        "within 5 % of it, the smallest file",
        "stays as it is unless that p50 is more than 5 % below its own",
        "at least 99 % of the rows",
        "accuracy, ROC AUC of two labels, R2 of a number",
        "max_batch_rows: 1",
    ):
        assert rule in told
