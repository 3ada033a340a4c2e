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


_OBJECT, _ARRAY = -1, -2
"""What is open; a number from 0 up is an array of which so many values are to come."""
_CLOSING: Final = {_OBJECT: b"}", _ARRAY: b"]"}


class _Walk:
    """From value to value, with what is open on a list: nesting has no bound."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._place = 1
        self._open = [_OBJECT]

    def end(self) -> int:
        """The place behind the object; -1 where something is missing, or is none of the format."""
        while self._open:
            if not self._step():
                return -1
        return self._place

    def _step(self) -> bool:
        """Go over one thing; whether it could be."""
        inside = self._open[-1]
        if inside == 0:
            self._open.pop()
            return True
        if self._peek() == _CLOSING.get(inside):
            self._place += 1
            self._open.pop()
            return True
        if inside > 0:
            self._open[-1] -= 1
        return (inside != _OBJECT or self._text()) and self._value()

    def _value(self) -> bool:
        marker = self._peek()
        self._place += 1
        if marker == b"[" and self._peek() == b"$":
            return self._typed_array()
        if marker == b"[" and self._peek() == b"#":
            self._place += 1
            count = self._length()
            self._open.append(count or 0)
            return count is not None
        if marker in (b"{", b"["):
            self._open.append(_OBJECT if marker == b"{" else _ARRAY)
            return True
        return self._text() if marker == b"S" else marker in _SIZES and self._skip(_SIZES[marker])

    def _typed_array(self) -> bool:
        """Behind `[`: `$`, the type, `#`, the count, and that many values without markers."""
        place = self._place
        kind, sign = self._content[place + 1 : place + 2], self._content[place + 2 : place + 3]
        self._place += 3
        count = self._length()
        return kind in _SIZES and sign == b"#" and count is not None and self._skip(_SIZES[kind] * count)

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
