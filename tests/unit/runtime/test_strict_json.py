"""JSON, strictly: what is refused, in which words, and at what cost."""

from __future__ import annotations

import json
import time
import tracemalloc
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serin import strict_json
from serin.errors import InvalidInput, MalformedRequest, RequestError
from tests.properties import tried

MARKER: Final = "kiwi7319"


class Item(msgspec.Struct, forbid_unknown_fields=True):
    count: int = 0
    ratio: float = 0.0
    word: str = ""
    raw: msgspec.Raw = msgspec.Raw()


class Document(msgspec.Struct, forbid_unknown_fields=True):
    items: list[Item]


DECODER: Final = msgspec.json.Decoder(Document)
KNOWN: Final = ("items", "count", "ratio", "word", "raw")


def decode(body: bytes) -> Document:
    return strict_json.decode(DECODER, body, KNOWN)


def item(**fields: Any) -> bytes:
    return json.dumps({"items": [fields]}).encode()


REFUSED: Final[dict[str, tuple[bytes, type[RequestError], str]]] = {
    "nothing": (b"", MalformedRequest, "the body is empty"),
    "spaces": (b" \r\n\t", MalformedRequest, "the body is empty"),
    "a byte-order mark": (b"\xef\xbb\xbf" + item(), MalformedRequest, "the body is not JSON: error at byte 0"),
    "UTF-16": (item().decode().encode("utf-16-le"), MalformedRequest, "the body is not JSON: error at byte 1"),
    "no UTF-8": (b'{"items": [{"word": "\xff"}]}', MalformedRequest, "the body is not UTF-8"),
    "no UTF-8 in a key": (b'{"\xff": 1}', MalformedRequest, "the body is not UTF-8"),
    "trailing garbage": (item() + b"x", MalformedRequest, "the body is not JSON: error at byte 16"),
    "two documents": (item() * 2, MalformedRequest, "the body is not JSON: error at byte 16"),
    "a raw line break in a string": (b'{"items": [{"word": "\n"}]}', MalformedRequest, "the body is not JSON"),
    "a comment": (b'{"items": []} // x', MalformedRequest, "the body is not JSON: error at byte 15"),
    "a comma too many": (b'{"items": [1,]}', InvalidInput, "expected `object`, got `int` at $.items[0]"),
    "a leading zero": (b'{"items": [{"count": 01}]}', MalformedRequest, "the body is not JSON: error at byte 22"),
    "a depth of 101": (b"[" * 101 + b"]" * 101, MalformedRequest, "the body nests deeper than 100 levels"),
    "a depth beyond the stack": (b"[" * 100_000, MalformedRequest, "the body nests deeper than 100 levels"),
    "null": (b"null", InvalidInput, "expected `object`, got `null`"),
    "a list": (b"[]", InvalidInput, "expected `object`, got `array`"),
    "NaN": (b'{"items": [{"ratio": NaN}]}', InvalidInput, "NaN and infinities are not JSON numbers; send null"),
    "infinity": (b'{"items": [{"ratio": Infinity}]}', InvalidInput, "NaN and infinities are not JSON numbers"),
    "minus infinity": (b'{"items": [{"ratio": -Infinity}]}', InvalidInput, "NaN and infinities are not JSON numbers"),
    "NaN as text": (item(ratio="NaN"), InvalidInput, "expected `float`, got `str` at $.items[0].ratio"),
    "1e999": (b'{"items": [{"ratio": 1e999}]}', InvalidInput, "number out of range at $.items[0].ratio"),
    "5,000 digits": (b'{"items": [{"count": ' + b"7" * 5000 + b"}]}", InvalidInput, "integer value out of range at"),
    "text for a number": (item(ratio="1.5"), InvalidInput, "expected `float`, got `str` at $.items[0].ratio"),
    "a flag for a number": (item(ratio=True), InvalidInput, "expected `float`, got `bool` at $.items[0].ratio"),
    "null for a number": (item(ratio=None), InvalidInput, "expected `float`, got `null` at $.items[0].ratio"),
    "a fraction for an integer": (item(count=1.5), InvalidInput, "expected `int`, got `float` at $.items[0].count"),
    "half a pair": (b'{"items": [{"word": "\\ud800"}]}', InvalidInput, "a string holds half of a surrogate pair"),
    "the other half": (b'{"items": [{"word": "\\udc00"}]}', InvalidInput, "a string holds half of a surrogate pair"),
    "a near miss": (item(cuont=1), InvalidInput, "unknown field at $.items[0]; did you mean `count`?"),
    "no near miss": (item(zzz=1), InvalidInput, "unknown field at $.items[0]"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_json_of_the_type_is_refused_in_our_words(what: str) -> None:
    body, kind, text = REFUSED[what]
    with pytest.raises(RequestError) as caught:
        decode(body)
    assert type(caught.value) is kind
    assert caught.value.message.startswith(text)


def test_a_whole_pair_of_surrogates_and_an_escaped_backslash_are_no_half() -> None:
    assert decode(b'{"items": [{"word": "\\ud83d\\ude00"}]}').items[0].word == "\U0001f600"
    with pytest.raises(MalformedRequest, match="is not JSON"):
        decode(b'{"items": [{"word": "\\\\ud800"}]}x')


def test_a_zero_byte_in_a_string_is_kept_whole() -> None:
    assert decode(item(word="a\0b")).items[0].word == "a\0b"


def test_a_depth_of_100_is_no_fault_of_depth() -> None:
    assert not strict_json.depth_exceeds(b"[" * 100 + b"]" * 100, 100)
    with pytest.raises(InvalidInput):
        decode(b"[" * 100 + b"]" * 100)


@pytest.mark.parametrize(
    "body",
    [
        item(**{MARKER: 1}),
        item(**{f"x` - at `$.{MARKER}": 1}),
        item(**{f"x - at `$.items[0].{MARKER}": 1}),
        item(**{f"x\n{MARKER}": 1}),
        json.dumps({f"x` - at `$.{MARKER}": 1}).encode(),
        json.dumps({f"x - at `$.{MARKER}": 1}).encode(),
        item(count=MARKER),
        f'{{"items": [{MARKER}]}}'.encode(),
        f'{{"{MARKER}": NaN, "\\ud800": Infinity'.encode(),
    ],
)
def test_no_message_carries_what_a_client_sent(body: bytes) -> None:
    with pytest.raises(RequestError) as caught:
        decode(body)
    assert MARKER not in caught.value.message
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("body", "keys"),
    [
        (b'{"a": 1, "a": 1}', 1),
        (b'{"a": {"b": 1, "b": 2}}', 2),
        (b'{"a": 1, "\\u0061": 2}', 1),
        (b'{"a": [{"b": 1}, {"b": 1, "\\u0062": 2}]}', 3),
        (b'{"a": "x:y", "a": ":"}', 1),
        (b'{"a": ' + b"7" * 5000 + b', "a": 1.5}', 1),
    ],
)
def test_a_key_that_stands_twice_is_refused(body: bytes, keys: int) -> None:
    with pytest.raises(MalformedRequest, match="a key stands twice in one object"):
        strict_json.refuse_duplicate_keys(body, keys)


@pytest.mark.parametrize(
    ("body", "keys"),
    [
        (b'{"a": 1, "b": 2}', 2),
        (b'{"a": [{"b": 1}, {"b": 1}]}', 3),
        (b'{"a": "one: two", "b": ":"}', 2),
        (b'{"a": ' + b"7" * 5000 + b', "b": ":"}', 2),
    ],
)
def test_keys_that_stand_once_pass_also_with_colons_in_strings(body: bytes, keys: int) -> None:
    strict_json.refuse_duplicate_keys(body, keys)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"a": ["\xff"], "b": ":"}', "the body is not UTF-8"),
        (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b', "b": ":"}', "the body nests deeper than 100 levels"),
    ],
)
def test_what_no_decoder_has_looked_into_is_refused_while_keys_are_counted(body: bytes, text: str) -> None:
    with pytest.raises(MalformedRequest, match=text):
        strict_json.refuse_duplicate_keys(body, 2)


JSON_VALUES: Final = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text('ab[]{}":\\\u2028', max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('ab[]{}":\\', max_size=4), inner, max_size=3),
    max_leaves=20,
)


def objects_in(value: Any) -> int:
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return isinstance(value, dict) + sum(map(objects_in, below))


def keys_in(value: Any) -> int:
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return (len(value) if isinstance(value, dict) else 0) + sum(map(keys_in, below))


def depth_of(value: Any) -> int:
    if not isinstance(value, dict | list):
        return 0
    return 1 + max(map(depth_of, value.values() if isinstance(value, dict) else value), default=0)


@tried
@given(JSON_VALUES)
def test_counting_without_decoding_finds_what_decoding_finds(value: Any) -> None:
    body = json.dumps(value, ensure_ascii=False).encode()
    objects, keys, depth = objects_in(value), keys_in(value), depth_of(value)
    assert not strict_json.has_more_objects(body, objects)
    assert not strict_json.has_more_keys(body, keys)
    assert not strict_json.depth_exceeds(body, depth)
    assert objects == 0 or strict_json.has_more_objects(body, objects - 1)
    assert keys == 0 or strict_json.has_more_keys(body, keys - 1)
    assert depth == 0 or strict_json.depth_exceeds(body, depth - 1)
    strict_json.refuse_duplicate_keys(body, keys)


@tried
@given(st.binary() | st.text('[]{}":\\,a1u d83', max_size=40).map(str.encode))
def test_counting_reads_any_bytes_to_their_end(body: bytes) -> None:
    strict_json.has_more_objects(body, 0)
    strict_json.has_more_keys(body, 0)
    strict_json.depth_exceeds(body, 0)
    with pytest.raises(RequestError):
        decode(body)


HOSTILE: Final = {
    "a string of escaped quotes without end": b'{"items": "' + b'\\"' * 1_000_000 + b"{" * 2000 + b":" * 20_000,
    "escaped backslashes without end": b'"' + b"\\\\" * 2_000_000,
    "short strings": b'{"items": [' + b'"",' * 1_300_000 + b'""]}',
    "strings of brackets": b'{"items": [' + b'"{:",' * 700_000 + b'""]}',
    "brackets": b'{"items": [' + b"[]," * 1_300_000 + b"[]]}",
    "brackets around brackets in strings": b'{"items": [' + b'["["],' * 600_000 + b"[]]}",
    "one key of four megabytes": b'{"' + b"k" * 4_000_000 + b'": 1}',
    "quotes": b'"' * 4_000_000,
    "pairs of surrogates": b'["' + b"\\ud83d\\ude00" * 300_000 + b"\\ud83d",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_body_costs_little_time(what: str) -> None:
    body = HOSTILE[what]
    begun = time.process_time()
    strict_json.has_more_objects(body, 1000)
    strict_json.has_more_keys(body, 10_000)
    with pytest.raises(RequestError):
        decode(body)
    assert time.process_time() - begun < 1.0


@pytest.mark.parametrize("what", ["short strings", "strings of brackets", "brackets around brackets in strings"])
def test_a_hostile_body_costs_little_memory(what: str) -> None:
    body = HOSTILE[what][:500_000] + b"]" * 200_000
    tracemalloc.start()
    try:
        strict_json.has_more_objects(body, 1000)
        strict_json.depth_exceeds(body, 100)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()
