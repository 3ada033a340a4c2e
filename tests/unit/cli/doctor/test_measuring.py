"""Real models, really run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import cli.doctor.measuring
from cli.doctor.measuring import LARGEST_MB, Measured, largest_mb, measure_model
from cli.doctor.payload import payload_of
from cli.doctor.running import RUNNING_CHECKS, Run
from serin.model_folder import ModelFolder
from tests.unit.cli.doctor.models import alone, hungry, problems, served, toiling, wide, written


def measured(folder: ModelFolder, *, fits: bool = True) -> Measured:
    return measure_model(folder, payload_of(folder), fits=fits)


def check(seen: Measured, how: str) -> None:
    assert seen.how.startswith(how)
    assert seen.init_s is not None
    assert seen.row_ms is not None
    assert seen.batch_ms is not None
    assert seen.peak_mb is not None
    assert 0.01 < seen.init_s < 10
    assert 0 < seen.row_ms < 1000
    assert seen.batch_rows == 1000
    assert 10 < seen.peak_mb < 300
    assert seen.answer_bytes > 50
    assert (seen.refused_row, seen.refused_batch, seen.late, seen.killed) == ("", "", False, False)


def test_a_model_is_run_in_the_share_that_its_memory_buys(tmp_path: Path) -> None:
    seen = measured(served(tmp_path, memory_mb=512))
    check(seen, "in the share of 512 MB, by ")
    assert seen.image_bytes is not None
    assert 20_000_000 < seen.image_bytes < 200_000_000


def test_where_no_share_can_be_set_times_are_scaled_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli.doctor.measuring, "way_to_limit", lambda **_: None)
    check(
        measured(served(tmp_path, memory_mb=512)), "at full speed, as no share can be set here, and scaled to that of 5"
    )


def test_without_the_emulator_a_process_of_its_own_runs_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    seen = measured(served(tmp_path))
    check(seen, "without AWS's runtime interface emulator, at full speed")
    assert seen.image_bytes is None


def test_a_model_that_takes_no_batches_is_found(tmp_path: Path) -> None:
    folder = written(alone(), tmp_path)
    found = problems(RUNNING_CHECKS[6:7], Run(folder.manifest.serving, measured(folder)))
    assert found["batches"].what.endswith("[422 model_rejected_input]")


@pytest.mark.parametrize("fits", [True, False])
def test_a_full_batch_that_takes_too_long_is_found(fits: bool, tmp_path: Path) -> None:
    folder = written(toiling(20_000), tmp_path)
    seen = measured(folder, fits=fits)
    assert seen.late
    found = problems(RUNNING_CHECKS[7:8], Run(folder.manifest.serving, seen))
    assert found["time-out"].what == "1,000 rows are not answered within serving.timeout_seconds, 1 s"


def test_rows_whose_answers_are_longer_than_known_are_asked_in_fewer(tmp_path: Path) -> None:
    seen = measured(written(wide(1800), tmp_path))
    assert seen.answer_bytes > 30_000
    assert 100 < seen.batch_rows < 150
    assert not seen.refused_batch


def test_a_model_larger_than_its_memory_tells_how_much_it_needs(tmp_path: Path) -> None:
    folder = written(hungry(50_000_000), tmp_path, memory_mb=128)
    seen = measured(folder, fits=False)  # the build of its image refuses it
    assert seen.peak_mb is not None
    assert 200 < seen.peak_mb < 300


def test_a_model_that_dies_takes_nothing_else_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli.doctor.measuring, "largest_mb", lambda wanted: 192)
    seen = measured(written(hungry(50_000_000), tmp_path))
    assert (seen.killed, seen.limit_mb) == (True, 192)
    assert seen.refused_row


def test_no_model_gets_more_than_lambda_has() -> None:
    assert 128 <= largest_mb(128) <= LARGEST_MB
