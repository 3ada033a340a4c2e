from __future__ import annotations

from cli.outcome import CommandError, ExitCode, one_line


def test_exit_codes_are_stable() -> None:
    assert {code.name: int(code) for code in ExitCode} == {
        "OK": 0,
        "REFUSED": 1,
        "USAGE": 2,
        "UNREACHABLE": 3,
        "ADDRESS_TAKEN": 4,
        "AWS_REFUSED": 5,
        "NOT_ENOUGH_DATA": 6,
        "NOT_PROMOTED": 7,
    }


def test_a_message_stays_on_its_line_and_steers_no_terminal() -> None:
    assert one_line("a\nb\r\n\tc\x1b[31md\u2028e") == "a b c [31md e"
    assert CommandError(ExitCode.REFUSED, "a\nb").message == "a b"
