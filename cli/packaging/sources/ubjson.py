"""Whether bytes are whole UBJSON, as XGBoost writes it: its own reader goes on behind the end of a file that is cut.

The format: https://ubjson.org, of which XGBoost uses objects, arrays, typed arrays, texts and numbers, with all lengths
as 64-bit integers.
"""

from __future__ import annotations

from typing import Final

_SIZES: Final = {b"i": 1, b"U": 1, b"I": 2, b"l": 4, b"L": 8, b"d": 4, b"D": 8, b"C": 1, b"T": 0, b"F": 0, b"Z": 0}
"""Bytes behind the marker of a value."""
_LENGTH: Final = 8


def is_ubjson(content: bytes) -> bool:
    """Whether it begins as an object whose first key has a length, which no JSON does."""
    return content[:2] == b"{L"


def is_whole(content: bytes) -> bool:
    """Whether one object stands there, from the first byte to the last."""
    return content[:1] == b"{" and _Walk(content).end() == len(content)


class _Walk:
    """From value to value, with the kinds of what is open on a list: nesting has no bound."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._place = 1
        self._open = [b"{"]

    def end(self) -> int:
        """The place behind the object; -1 where something is missing, or is none of the format."""
        while self._open:
            if not self._step():
                return -1
        return self._place

    def _step(self) -> bool:
        """Go over one thing; whether it could be."""
        closing = b"}" if self._open[-1] == b"{" else b"]"
        marker = self._peek()
        if marker == closing:
            self._place += 1
            self._open.pop()
            return True
        return (self._open[-1] != b"{" or self._text()) and self._value()

    def _value(self) -> bool:
        marker = self._peek()
        self._place += 1
        if marker == b"[" and self._peek() == b"$":
            return self._typed_array()
        if marker in (b"{", b"["):
            self._open.append(marker)
            return True
        return self._text() if marker == b"S" else marker in _SIZES and self._skip(_SIZES[marker])

    def _typed_array(self) -> bool:
        """Behind `[`: `$`, the type, `#`, the count, and that many values without markers."""
        kind, count_sign = (
            self._content[self._place + 1 : self._place + 2],
            self._content[self._place + 2 : self._place + 3],
        )
        self._place += 3
        count = self._length()
        return kind in _SIZES and count_sign == b"#" and count is not None and self._skip(_SIZES[kind] * count)

    def _text(self) -> bool:
        length = self._length()
        return length is not None and self._skip(length)

    def _length(self) -> int | None:
        start = self._place + 1
        if self._peek() != b"L" or not self._skip(1 + _LENGTH):
            return None
        length = int.from_bytes(self._content[start : start + _LENGTH], "big", signed=True)
        return length if length >= 0 else None

    def _peek(self) -> bytes:
        return self._content[self._place : self._place + 1]

    def _skip(self, count: int) -> bool:
        self._place += count
        return self._place <= len(self._content)
