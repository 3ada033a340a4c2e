"""A process that runs models for long, from many threads at once, stays as it was."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest

from serin.errors import DeadlineExceeded, ModelRejectedInput
from serin.protocol import Datatype
from serin.tensor import Tensor, pack, unpack
from tests.small_models.catalogue import GATHER, LOOP, PAIR, identity

RUNS: Final = 1_000_000
MOST_GROWTH: Final = 2 * 1024 * 1024
"""Bytes: 2 for each run. A value or a set of run options that is not released takes a hundred and more."""


def test_a_million_runs_leave_nothing_behind(repository: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "tests.integration.engine_c_api.leak", str(RUNS)],
        cwd=repository,
        capture_output=True,
        check=False,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr.decode()
    for way, (before, after) in json.loads(result.stdout).items():
        assert after - before <= MOST_GROWTH, way


def test_threads_do_not_see_each_others_tensors() -> None:
    numbers, strings, gather = PAIR.session(), identity(Datatype.BYTES, rank=1).session(), GATHER.session()
    until = time.monotonic() + 60

    def work(seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311
        for turn in range(300):
            rows = chance.choice((1, 1, 2, 9, 9_000))
            a, b = float(seed), float(turn)
            x, y = (Tensor(Datatype.FP32, (rows, 2), pack(Datatype.FP32, [value] * (2 * rows))) for value in (a, b))
            answer = numbers.run({"a": x, "b": y}, ["difference", "sum"], until)
            assert set(unpack(answer["sum"])) == {a + b}
            assert set(unpack(answer["difference"])) == {a - b}
            words = [b"%d" % seed, b"%d\0%d" % (seed, turn)] * chance.randint(1, 5)
            assert strings.run({"x": Tensor(Datatype.BYTES, (len(words),), words)}, ["y"], until)["y"].data == words
            if turn % 10 == 0:
                with pytest.raises(ModelRejectedInput):
                    gather.run({"index": Tensor(Datatype.INT64, (1,), pack(Datatype.INT64, [9]))}, ["value"], until)

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(work, seed) for seed in range(8)]:
            done.result()
    assert len(numbers._idle) <= 8


def test_runs_are_ended_at_their_deadlines_beside_runs_that_are_not() -> None:
    session = LOOP.session()

    def trips(count: int) -> dict[str, Tensor]:
        return {"trips": Tensor(Datatype.INT64, (), pack(Datatype.INT64, [count]))}

    def endless(number: int) -> None:
        with pytest.raises(DeadlineExceeded):
            session.run(trips(2**62), ["total"], time.monotonic() + 0.01 * (number % 7))

    def short(number: int) -> None:
        total = session.run(trips(number), ["total"], time.monotonic() + 60)["total"]
        assert unpack(total) == [number]

    with ThreadPoolExecutor(6) as pool:
        runs = [pool.submit(endless if number % 6 == 0 else short, number) for number in range(300)]
        for run in runs:
            run.result()
