"""JSON as RFC 8259 has it and no laxer, into types, with errors that never carry a client's value.

msgspec decodes; this module adds what it leaves open: keys stand once, nesting ends at 100, and its messages
are put into words that are safe to answer and to log.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Final, NoReturn, TypeVar

import msgspec

from serin.errors import InvalidInput, MalformedRequest

MAX_DEPTH: Final = 100

_T = TypeVar("_T")
_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)
_STRING_OR_OBJECT: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|\{', re.DOTALL)
_NOT_A_NUMBER: Final = re.compile(rb"-?(NaN|Infinity|[Ii]nf|nan)")
_LONE_SURROGATE: Final = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]..)\\u[dD][c-fC-F]"
)
_BYTE: Final = re.compile(r"\(byte (\d+)\)")
_UNKNOWN: Final = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)


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
        raise MalformedRequest(f"the body nests deeper than {MAX_DEPTH} levels") from None
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

    json.loads(body, object_pairs_hook=_distinct_pairs, parse_int=_ignore, parse_float=_ignore)


def has_more_objects(body: bytes, most: int) -> bool:
    """Whether ``body`` holds more than ``most`` JSON objects, in constant memory."""
    if body.count(b"{") <= most:
        return False
    seen = 0
    for match in _STRING_OR_OBJECT.finditer(body):
        if body[match.start()] == 0x7B:  # {
            seen += 1
            if seen > most:
                return True
    return False


def depth_exceeds(body: bytes | memoryview, most: int) -> bool:
    """Whether arrays and objects nest deeper than ``most``; stops reading where they do."""
    depth = 0
    for match in _TOKEN.finditer(body):
        token = match[0][:1]
        if token in b"[{":
            depth += 1
            if depth > most:
                return True
        elif token in b"]}":
            depth -= 1
    return False


def _refuse_depth(body: bytes | memoryview) -> None:
    if depth_exceeds(body, MAX_DEPTH):
        raise MalformedRequest(f"the body nests deeper than {MAX_DEPTH} levels")


def _distinct_pairs(pairs: list[tuple[str, object]]) -> None:
    if len({key for key, _ in pairs}) < len(pairs):
        raise MalformedRequest("a key stands twice in one object")


def _ignore(_: str) -> None:
    """Numbers do not matter when keys are counted, and long ones would cost time."""


def _in_our_words(message: str, known: Iterable[str]) -> str:
    problem, _, path = message.partition(" - at `")
    where = f" at {path.rstrip('`')}" if path else ""
    if unknown := _UNKNOWN.match(problem):
        close = difflib.get_close_matches(unknown[1], list(known), n=1)
        return f"unknown field{where}" + (f"; did you mean `{close[0]}`?" if close else "")
    if problem.startswith(("Invalid enum value", "Invalid value")):
        return f"value is not one of those allowed{where}"
    return problem[:1].lower() + problem[1:] + where


def _explain_syntax(message: str, body: bytes) -> NoReturn:
    position = int(found[1]) if (found := _BYTE.search(message)) else len(body)
    if any(_NOT_A_NUMBER.match(body, max(0, start)) for start in range(position - 3, position + 1)):
        raise InvalidInput("NaN and infinities are not JSON numbers; send null where a value is missing")
    if _LONE_SURROGATE.search(body):
        raise InvalidInput("a string holds half of a surrogate pair")
    _refuse_depth(body)
    if not body.strip():
        raise MalformedRequest("the body is empty")
    raise MalformedRequest(f"the body is not JSON: error at byte {position}")
