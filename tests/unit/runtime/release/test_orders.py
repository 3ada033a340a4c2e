"""What may be ordered; `tests/functions/release/test_commands.py` has what is refused, field by field."""

from __future__ import annotations

import pytest

from serin.release.orders import Order, Refused, checked_reason, read_order


def test_an_order_has_what_its_event_says() -> None:
    event = {"command": "rollback", "by": "ada", "reason": "odd", "version": "1.0.0", "force": True, "id": "e1"}
    assert read_order(event) == Order(by="ada", reason="odd", version="1.0.0", force=True, cause="e1")
    assert read_order({"by": "ada", "reason": "odd", "version": None}) == Order(by="ada", reason="odd")


@pytest.mark.parametrize("reason", ["ß für 日本 🙂", "x" * 500, 'a "quoted" \\ one'])
def test_a_reason_is_a_line_of_plain_text(reason: str) -> None:
    assert checked_reason(reason) == reason


@pytest.mark.parametrize("reason", ["a\tb", "a\x7f", "a\x85b", "a\u2028b", "a\u202eb", "\ud800"])
def test_a_reason_that_breaks_its_line_or_turns_it_round_is_refused(reason: str) -> None:
    with pytest.raises(Refused, match="reason: holds a control character"):
        checked_reason(reason)
