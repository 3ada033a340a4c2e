"""The part of a container's log that belongs to one invocation."""

from __future__ import annotations

from local.launcher.logs import Tailed, is_whole, of_request

LOG = "START RequestId: a Version: 1\none\nREPORT RequestId: a\t\nSTART RequestId: b Version: 1\ntwo\n"


def test_lines_of_earlier_invocations_are_left_out() -> None:
    assert of_request(LOG, "b") == "START RequestId: b Version: 1\ntwo\n"


def test_a_log_is_whole_once_its_report_is_there() -> None:
    assert is_whole(LOG, "a")
    assert not is_whole(LOG, "b")
    assert is_whole(LOG + "REPORT RequestId: b\t\n", "b")


def test_a_log_of_a_function_that_did_not_start_is_whole_too() -> None:
    assert is_whole(LOG + "[ERROR] (rapid) Invoke DONE failed: Sandbox.Failure\n", "b")


class Container:
    """Its log has more lines after an invocation's first than are read at once."""

    def __init__(self, lines: int) -> None:
        self._lines = [b"START RequestId: a", *[b"line"] * lines]
        self.asked: list[int] = []

    def logs(self, *, tail: int, stdout: bool) -> bytes:
        assert stdout
        self.asked.append(tail)
        return b"\n".join(self._lines[-tail:])


def test_a_log_is_read_from_its_end() -> None:
    container = Container(10)
    assert Tailed(container, "a").logs(stdout=True).startswith(b"START RequestId: a")
    assert container.asked == [50]


def test_more_of_a_log_is_read_where_the_first_line_of_the_invocation_is_not_among_the_last() -> None:
    container = Container(100)
    assert Tailed(container, "a").logs(stdout=True).startswith(b"START RequestId: a")
    assert container.asked == [50, 5000]
