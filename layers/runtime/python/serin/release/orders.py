"""What people order of releases, checked: before it is sent, and once more where it arrives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_LONGEST_REASON: Final = 500
_LONGEST_NAME: Final = 2048
"""An ARN's."""
_LONGEST_VERSION: Final = 64


class Refused(Exception):
    """The order is not carried out; the message says why, and what to order instead."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """``by`` whom and for what ``reason``, as it is to stand in the record.

    ``version``: Lambda's number or the model's own version; None leaves it to the command. ``force``: also a version
    that does not answer. ``cause``: the id of what asks, the same where it asks again; None where it says none.
    """

    by: str
    reason: str
    version: str | None = None
    force: bool = False
    cause: str | None = None


def read_order(event: Mapping[str, Any]) -> Order:
    """The order that ``event`` holds. Raises Refused, naming the field."""
    force = event.get("force", False)
    if not isinstance(force, bool):
        raise Refused("force: expected true or false")
    return Order(
        by=_text("by", event.get("by"), _LONGEST_NAME),
        reason=checked_reason(event.get("reason")),
        version=_optional("version", event.get("version"), _LONGEST_VERSION),
        force=force,
        cause=_optional("id", event.get("id"), _LONGEST_NAME),
    )


def checked_reason(reason: object) -> str:
    """``reason``, if it may stand in a record. Raises Refused."""
    return _text("reason", reason, _LONGEST_REASON)


def _optional(name: str, value: object, longest: int) -> str | None:
    return None if value is None else _text(name, value, longest)


def _text(name: str, value: object, longest: int) -> str:
    """Records are shown in terminals, in mails and on pages: nothing that steers one of them gets into one."""
    if not isinstance(value, str) or not value.strip():
        raise Refused(f"{name}: expected some text")
    if len(value) > longest:
        raise Refused(f"{name}: {len(value):,} characters are too many; at most {longest:,} are kept")
    if not value.isprintable():
        raise Refused(f"{name}: holds a control character; one line of plain text is expected")
    return value
