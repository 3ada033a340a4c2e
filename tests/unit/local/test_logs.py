"""The part of a container's log that belongs to one invocation."""

from __future__ import annotations

from pathlib import Path

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
    """What podman tells of one, and its log in a file."""

    status = "running"

    def __init__(self, file: Path) -> None:
        self.attrs = {"LogPath": str(file)}
        self.reloaded = 0

    def reload(self) -> None:
        self.reloaded += 1

    def logs(self, **words: bool) -> bytes:
        return f"the engine's own, {words}".encode()


def kept(*lines: str) -> str:
    return "".join(f"2026-11-27T04:09:38.577823968+00:00 {line}\n" for line in lines)


def test_a_log_is_read_from_the_end_of_its_file(tmp_path: Path) -> None:
    file = tmp_path / "ctr.log"
    file.write_text(kept(*["stdout F before"] * 2000, "stdout F START RequestId: a", "stderr P on", "stderr F e"))
    log = Tailed(Container(file), "a").logs(stdout=True)
    assert log.endswith(b"before\nSTART RequestId: a\none\n")
    assert len(log) < 64 * 1024


def test_a_log_is_read_whole_where_an_invocation_wrote_more_than_its_end(tmp_path: Path) -> None:
    file = tmp_path / "ctr.log"
    file.write_text(kept("stdout F START RequestId: a", *["stdout F line"] * 2000))
    assert Tailed(Container(file), "a").logs(stdout=True).startswith(b"START RequestId: a\nline\n")


def test_an_engine_that_keeps_no_file_is_asked(tmp_path: Path) -> None:
    log = Tailed(Container(tmp_path / "none"), "a").logs(stdout=True)
    assert log == b"the engine's own, {'stdout': True}"


def test_a_container_that_ran_is_looked_at_after_a_request_to_it_has_failed(tmp_path: Path) -> None:
    container = Container(tmp_path / "none")
    tailed = Tailed(container, "a")
    tailed.reload()
    assert container.reloaded == 0
    tailed.reload()
    assert container.reloaded == 1
