"""A request's body, within its limit and out of its content encoding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from serin.errors import MalformedRequest, PayloadTooLarge, UnsupportedMediaType

_GZIP: Final = 16 + 15
"""zlib's ``wbits`` for gzip's framing and the largest window."""


def read_body(headers: Mapping[str, str], body: bytes, limit: int) -> bytes:
    """The body as it was before its ``Content-Encoding``.

    Args:
        headers: Lower-case names.
        body: As it came.
        limit: Most bytes, compressed and not.

    Raises:
        PayloadTooLarge: over the limit.
        UnsupportedMediaType: an encoding other than gzip or identity.
        MalformedRequest: no whole single gzip member, or encoded more than once.
    """
    if len(body) > limit:
        raise PayloadTooLarge(f"the body is over {limit} bytes")
    given = headers.get("content-encoding")
    if given is None:
        return body
    encodings = [item.strip().lower() for item in given.split(",")]
    if encodings == ["identity"]:
        return body
    if set(encodings) - {"gzip", "identity"}:
        raise UnsupportedMediaType("content-encoding must be gzip or identity")
    if encodings != ["gzip"]:
        raise MalformedRequest("the body is encoded more than once")
    return _gunzip(body, limit)


def _gunzip(body: bytes, limit: int) -> bytes:
    import zlib  # few requests are compressed, and a start does not wait for it

    decoder = zlib.decompressobj(_GZIP)
    try:
        plain = decoder.decompress(body, limit + 1)
    except zlib.error:
        raise MalformedRequest("the body is not valid gzip") from None
    if len(plain) > limit:
        raise PayloadTooLarge(f"the body is over {limit} bytes when decompressed")
    if not decoder.eof or decoder.unused_data:
        raise MalformedRequest("the body is not one whole gzip member")
    return plain
