from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator

import pytest

from cli.outcome import CommandError, ExitCode
from cli.release.follow import Frame, follow

AWAY = CommandError(ExitCode.UNREACHABLE, "AWS cannot be reached")


def frames(*texts: str | Exception) -> Callable[[], Frame]:
    """A look that finds these, one after the other; an empty one is the last."""
    left: Iterator[str | Exception] = iter(texts)

    def look() -> Frame:
        found = next(left)
        if isinstance(found, BaseException):
            raise found
        return Frame(lines=[f"line {found}"], news=found.split("|"), is_last=found.endswith("."))

    return look


def test_where_there_is_no_terminal_only_news_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    follow(frames("a|b", "a|b", "a|c", "a|b", "d."), seconds=0)
    assert capsys.readouterr().out.split() == ["a", "b", "c", "b", "d."]


def test_on_a_terminal_the_lines_are_drawn_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    follow(frames("a", "[b]."), seconds=0)
    text = terminal.getvalue()
    assert "line a" in text
    assert "\x1b[2K" in text.partition("line a")[2], "the line before is erased"
    assert "line [b]." in text, "nothing is taken for markup"
    assert text.endswith("\x1b[?25h") or "\x1b[?25h" in text, "the cursor is back"


def test_a_network_that_is_away_for_a_while_ends_no_watch(capsys: pytest.CaptureFixture[str]) -> None:
    follow(frames("a", AWAY, AWAY, AWAY, AWAY, "b."), seconds=0)
    assert capsys.readouterr().out.split() == ["a", "b."]


def test_a_network_that_stays_away_ends_it() -> None:
    with pytest.raises(CommandError, match="AWS cannot be reached"):
        follow(frames("a", *[AWAY] * 5, "b."), seconds=0)


def test_what_will_not_change_by_waiting_ends_it_at_once() -> None:
    with pytest.raises(CommandError, match="no permission"):
        follow(frames("a", CommandError(ExitCode.AWS_REFUSED, "no permission"), "b."), seconds=0)


def test_ctrl_c_ends_it_without_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    def look() -> Frame:
        raise KeyboardInterrupt

    follow(look, seconds=0)
    assert capsys.readouterr().out == ""
