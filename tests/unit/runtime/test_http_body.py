"""Bodies in and out of gzip, within their limit."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from contextlib import suppress
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serin.errors import MalformedRequest, PayloadTooLarge, RequestError, UnsupportedMediaType
from serin.http_body import read_body
from tests.properties import tried

LIMIT: Final = 100_000
PLAIN: Final = b'{"instances": []}'
GZIP: Final = {"content-encoding": "gzip"}


def packed(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


@pytest.mark.parametrize("headers", [{}, {"content-encoding": "identity"}, {"content-encoding": " Identity "}])
def test_a_plain_body_is_itself(headers: dict[str, str]) -> None:
    assert read_body(headers, PLAIN, LIMIT) is PLAIN


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", " gzip "])
def test_a_packed_body_is_unpacked(encoding: str) -> None:
    assert read_body({"content-encoding": encoding}, packed(PLAIN), LIMIT) == PLAIN


@pytest.mark.parametrize("size", [LIMIT - 1, LIMIT])
def test_a_body_up_to_the_limit_is_taken(size: int) -> None:
    assert len(read_body({}, bytes(size), LIMIT)) == size
    assert len(read_body(GZIP, packed(bytes(size)), LIMIT)) == size


def test_a_body_over_the_limit_is_too_large_packed_or_not() -> None:
    for headers, body in (({}, bytes(LIMIT + 1)), (GZIP, packed(bytes(LIMIT + 1))), (GZIP, bytes(LIMIT + 1))):
        with pytest.raises(PayloadTooLarge):
            read_body(headers, body, LIMIT)


FAULTS: Final[dict[str, tuple[str, bytes, type[RequestError]]]] = {
    "not packed": ("gzip", PLAIN, MalformedRequest),
    "nothing": ("gzip", b"", MalformedRequest),
    "a header only": ("gzip", packed(PLAIN)[:10], MalformedRequest),
    "cut short": ("gzip", packed(PLAIN)[:-1], MalformedRequest),
    "a wrong checksum": ("gzip", packed(PLAIN)[:-8] + bytes(4) + packed(PLAIN)[-4:], MalformedRequest),
    "a wrong length": ("gzip", packed(PLAIN)[:-4] + bytes(4), MalformedRequest),
    "bytes behind it": ("gzip", packed(PLAIN) + b"\0", MalformedRequest),
    "two members": ("gzip", packed(PLAIN) * 2, MalformedRequest),
    "zlib, called gzip": ("gzip", zlib.compress(PLAIN), MalformedRequest),
    "packed twice": ("gzip, gzip", packed(packed(PLAIN)), MalformedRequest),
    "identity on top": ("gzip, identity", packed(PLAIN), MalformedRequest),
    "brotli": ("br", PLAIN, UnsupportedMediaType),
    "deflate": ("deflate", zlib.compress(PLAIN), UnsupportedMediaType),
    "gzip and brotli": ("gzip, br", packed(PLAIN), UnsupportedMediaType),
    "no name at all": ("", PLAIN, UnsupportedMediaType),
    "x-gzip": ("x-gzip", packed(PLAIN), UnsupportedMediaType),
}


@pytest.mark.parametrize("what", FAULTS)
def test_an_encoding_that_does_not_hold_is_refused(what: str) -> None:
    encoding, body, kind = FAULTS[what]
    with pytest.raises(kind) as caught:
        read_body({"content-encoding": encoding}, body, LIMIT)
    assert type(caught.value) is kind


@tried
@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_a_body_or_a_refusal(body: bytes, with_magic: bool) -> None:
    with suppress(RequestError):
        read_body(GZIP, packed(b"")[:10] + body if with_magic else body, LIMIT)


def test_a_bomb_takes_no_more_memory_than_the_limit() -> None:
    bomb = packed(bytes(100_000_000))
    tracemalloc.start()
    try:
        with pytest.raises(PayloadTooLarge):
            read_body(GZIP, bomb, LIMIT)
        assert tracemalloc.get_traced_memory()[1] < 10 * LIMIT
    finally:
        tracemalloc.stop()
