"""The part of a container's log that belongs to one invocation."""

from __future__ import annotations

from local.launcher.logs import is_whole, of_request

LOG = "START RequestId: a Version: 1\none\nREPORT RequestId: a\t\nSTART RequestId: b Version: 1\ntwo\n"


def test_lines_of_earlier_invocations_are_left_out() -> None:
    assert of_request(LOG, "b") == "START RequestId: b Version: 1\ntwo\n"


def test_a_log_is_whole_once_its_report_is_there() -> None:
    assert is_whole(LOG, "a")
    assert not is_whole(LOG, "b")
    assert is_whole(LOG + "REPORT RequestId: b\t\n", "b")


def test_a_log_of_a_function_that_did_not_start_is_whole_too() -> None:
    assert is_whole(LOG + "[ERROR] (rapid) Invoke DONE failed: Sandbox.Failure\n", "b")
