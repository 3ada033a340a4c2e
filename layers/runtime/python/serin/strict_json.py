"""JSON as RFC 8259 has it and no laxer, into types, with errors that never carry a client's value.

msgspec decodes; this module adds what it leaves open: keys stand once, nesting ends at 100, and its messages
are put into words that are safe to answer and to log.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import accumulate, chain
from typing import Final, NoReturn, TypeVar

import msgspec

from serin.errors import InvalidInput, MalformedRequest

MAX_DEPTH: Final = 100
_LONGEST_NAME: Final = 100
_TOO_DEEP: Final = f"the body nests deeper than {MAX_DEPTH} levels"

_T = TypeVar("_T")
_STRING: Final = rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)'
"""A string, or what stands of one that never ends. Possessive: no byte is read twice, whatever a client sends."""

_NOT_MARKS: Final = bytes(set(range(256)) - set(b'[]{}"'))
_DEPTH_CHANGE: Final = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")


@lru_cache(maxsize=16)
def _pattern(pattern: bytes) -> re.Pattern[bytes]:
    """Compiled when it is first needed, which for most processes is never: compiling costs as much as an import."""
    return re.compile(pattern, re.DOTALL)


_SLICE: Final = rb'(?:[^"]++|' + _STRING + rb"){1,10000}+"
_UP_TO: Final = {mark: rb'(?:[^"' + mark + rb"]++|" + _STRING + rb")*+" + mark for mark in (b"{", b":")}
_BRACKETS_IN_STRING: Final = rb'"[^"]*"?'
_NOT_A_NUMBER: Final = rb"-?(NaN|Infinity|[Ii]nf|nan)"
_LONE_SURROGATE: Final = rb"(?:[^\\]++|\\(?!u[dD][89a-fA-F]).|\\u[dD][89abAB]..\\u[dD][c-fC-F]..)*+\\u[dD][89a-fA-F]"
"""From the start of a document: everything but surrogates and whole pairs of them, then one that is alone."""


_BYTE: Final = r"\(byte (\d+)\)"
_UNKNOWN: Final = r"Object contains unknown field `(.*)"


def decode(decoder: msgspec.json.Decoder[_T], body: bytes | memoryview, known: Iterable[str] = ()) -> _T:
    """Decode a whole document.

    Args:
        decoder: Strict decoder of the type that is due.
        body: UTF-8, no byte-order mark.
        known: Field names from which an unknown one gets its suggestion.

    Raises:
        MalformedRequest: not JSON, not UTF-8, nested deeper than 100, a key twice.
        InvalidInput: JSON of another type, shape or range than is due.
    """
    try:
        return decoder.decode(body)
    except RecursionError:
        raise MalformedRequest(_TOO_DEEP) from None
    except UnicodeDecodeError:
        raise MalformedRequest("the body is not UTF-8") from None
    except msgspec.ValidationError as error:
        _refuse_depth(body)
        raise InvalidInput(_in_our_words(str(error), known)) from None
    except msgspec.DecodeError as error:
        _explain_syntax(str(error), bytes(body))


def refuse_duplicate_keys(body: bytes, distinct: int) -> None:
    """Refuse an object that holds a key twice, also when one of the two is spelled with escapes.

    Every key takes a colon, so a document with as many colons as it has distinct keys repeats none. More
    colons than that are repeated keys, or colons inside strings: then the document is read again to tell.

    Args:
        body: A document that has been decoded without error.
        distinct: How many keys the decoded value holds, over all its objects.

    Raises:
        MalformedRequest: a key stands twice in one object.
    """
    if body.count(b":") == distinct:
        return
    import json  # not on the usual path, and not free at cold start

    try:
        # Numbers do not matter here, and long ones would cost time: `len` makes nothing of them.
        json.loads(body, object_pairs_hook=_distinct_pairs, parse_int=len, parse_float=len)
    except RecursionError:
        raise MalformedRequest(_TOO_DEEP) from None
    except ValueError:  # elements that nobody has decoded yet may hold what is not UTF-8
        raise MalformedRequest("the body is not UTF-8") from None


def has_more_objects(body: bytes, most: int) -> bool:
    """Whether ``body`` holds more than ``most`` JSON objects. Builds none of them."""
    return _has_more(body, b"{", most)


def has_more_keys(body: bytes, most: int) -> bool:
    """Whether the objects of ``body`` hold more than ``most`` keys. Builds none of them."""
    return _has_more(body, b":", most)


def depth_exceeds(body: bytes | memoryview, most: int) -> bool:
    """Whether arrays and objects nest deeper than ``most``; stops reading where they do."""
    pieces = (match[0] for match in _pattern(_SLICE).finditer(body))
    return any(map(most.__lt__, accumulate(chain.from_iterable(map(_depth_changes, pieces)))))


def _depth_changes(piece: bytes) -> memoryview:
    """1 for every bracket that opens, -1 for every one that closes; brackets inside strings are none.

    Quotes and brackets are all that is left of the piece before strings are looked for. Two quotes side by side
    are then an empty string, or two strings that may as well be one.
    """
    marks = piece.replace(b"\\\\", b"").replace(b'\\"', b"").translate(None, _NOT_MARKS).replace(b'""', b"")
    return memoryview(_pattern(_BRACKETS_IN_STRING).sub(b"", marks).translate(_DEPTH_CHANGE)).cast("b")


def _has_more(body: bytes, mark: bytes, most: int) -> bool:
    """Whether ``mark`` stands more than ``most`` times outside strings."""
    if len(body) <= most or body.count(mark) <= most:
        return False
    end, up_to = 0, _pattern(_UP_TO[mark])
    for _ in range(most + 1):
        found = up_to.match(body, end)
        if found is None:
            return False
        end = found.end()
    return True


def _refuse_depth(body: bytes | memoryview) -> None:
    if depth_exceeds(body, MAX_DEPTH):
        raise MalformedRequest(_TOO_DEEP)


def _distinct_pairs(pairs: list[tuple[str, object]]) -> None:
    if len({key for key, _ in pairs}) < len(pairs):
        raise MalformedRequest("a key stands twice in one object")


def _in_our_words(message: str, known: Iterable[str]) -> str:
    names = tuple(known)
    problem, _, path = message.rpartition(" - at `$") if " - at `$" in message else (message, "", "")
    # A key that a client made up can look like a path: one with names that nobody knows is none.
    where = f" at ${path[:-1]}" if path and _paths(names).fullmatch(path) else ""
    if unknown := re.fullmatch(_UNKNOWN, problem, re.DOTALL):
        import difflib  # only where a name is wrong

        close = difflib.get_close_matches(unknown[1][:_LONGEST_NAME], names, n=1)
        return f"unknown field{where}" + (f"; did you mean `{close[0]}`?" if close else "")
    if problem.startswith(("Invalid enum value", "Invalid value")):
        return f"value is not one of those allowed{where}"
    return problem[:1].lower() + problem[1:] + where


@lru_cache(maxsize=64)
def _paths(names: tuple[str, ...]) -> re.Pattern[str]:
    """What follows the ``$`` in msgspec's errors: names, indices, and dots for a key of a dictionary."""
    return re.compile(rf"(?:\.(?:{'|'.join(map(re.escape, names))})|\[(?:[0-9]{{1,7}}|\.\.\.)\])*`")


def _explain_syntax(message: str, body: bytes) -> NoReturn:
    position = int(found[1]) if (found := re.search(_BYTE, message)) else len(body)
    if any(_pattern(_NOT_A_NUMBER).match(body, max(0, start)) for start in range(position - 3, position + 1)):
        raise InvalidInput("NaN and infinities are not JSON numbers; send null where a value is missing")
    if _pattern(_LONE_SURROGATE).match(body):
        raise InvalidInput("a string holds half of a surrogate pair")
    _refuse_depth(body)
    if not body.strip():
        raise MalformedRequest("the body is empty")
    raise MalformedRequest(f"the body is not JSON: error at byte {position}")
