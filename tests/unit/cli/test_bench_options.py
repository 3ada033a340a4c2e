from __future__ import annotations

import pytest

from cli.bench.options import memory_sizes, requests_a_second
from cli.main import run
from cli.outcome import CommandError, ExitCode


@pytest.mark.parametrize(
    ("text", "sizes"),
    [("256", [256]), ("1024, 256,512", [256, 512, 1024]), ("512,512", [512]), ("128,10240", [128, 10240])],
)
def test_sizes_are_read_in_rising_order_and_once_each(text: str, sizes: list[int]) -> None:
    assert memory_sizes(text) == sizes


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "--memory: expected sizes in MB with commas between"),
        ("256,,512", "--memory: expected sizes in MB with commas between"),
        ("256 512", "--memory: expected sizes in MB with commas between"),
        ("256MB", "--memory: expected sizes in MB with commas between"),
        ("-256", "--memory: expected sizes in MB with commas between"),
        ("٢٥٦", "--memory: expected sizes in MB with commas between"),
        ("1e3", "--memory: expected sizes in MB with commas between"),
        ("127", "--memory: 127 MB is no size of Lambda's; it sells 128 to 10240"),
        ("512,10241", "--memory: 10241 MB is no size of Lambda's; it sells 128 to 10240"),
        (",".join(map(str, range(128, 149))), "--memory: 21 sizes; at most 20 at a time"),
    ],
)
def test_sizes_that_cannot_be_meant_are_wrong_usage(text: str, said: str) -> None:
    with pytest.raises(CommandError) as error:
        memory_sizes(text)
    assert error.value.code is ExitCode.USAGE
    assert error.value.message.startswith(said)


@pytest.mark.parametrize(("text", "rate"), [("10/s", 10), ("0.5/s", 0.5), ("30/m", 0.5), ("3600/h", 1), ("100/s", 100)])
def test_a_rate_is_read_in_requests_a_second(text: str, rate: float) -> None:
    assert requests_a_second(text) == rate


@pytest.mark.parametrize("text", ["10", "10/d", "0/s", "-1/s", "ten/s", "1e2/s", "101/s", "10/s/s", "inf/s"])
def test_a_rate_that_cannot_be_meant_or_is_too_high_is_wrong_usage(text: str) -> None:
    with pytest.raises(CommandError, match="--rate: ") as error:
        requests_a_second(text)
    assert error.value.code is ExitCode.USAGE


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--memory", "x"], "--memory: expected sizes"),
        (["--requests", "9"], "'--requests'"),
        (["--requests", "10001"], "'--requests'"),
        (["--starts", "0"], "'--starts'"),
        (["--url", "http://h", "--count", "10001"], "'--count'"),
        (["--url", "http://h", "--clients", "65"], "'--clients'"),
        (["--url", "http://h", "--rate", "1000/s"], "--rate: 1000/s is more than 100/s"),
        (["--url", "http://h", "--write"], "--write goes with memory sizes, not with --url or --stage"),
        (["--url", "http://h", "--plot", "x.svg"], "--plot goes with memory sizes, not with --url or --stage"),
        (["--no-cpu-limit", "--write"], "--write needs figures under a CPU limit"),
    ],
)
def test_what_is_out_of_bounds_is_one_line(
    options: list[str], said: str, capsys: pytest.CaptureFixture[str], repository: object
) -> None:
    assert run(["bench", "diabetes", *options]) == ExitCode.USAGE
    said_on_stderr = capsys.readouterr().err
    assert said in said_on_stderr
    assert said_on_stderr.count("\n") == 1
