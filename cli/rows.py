"""What `--input` may hold, as the body of a predict request. The values stay as they are: the model judges them."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from cli.outcome import CommandError, ExitCode


def read_input(source: str) -> bytes:
    """Bytes of the file ``source``, or of stdin for ``-``.

    Raises:
        CommandError: the file cannot be read.
    """
    if source == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(source).read_bytes()
    except OSError as error:
        raise CommandError(ExitCode.USAGE, f"--input: {source}: cannot be read ({error.strerror})") from None


def request_body(document: bytes, source: str) -> bytes:
    """A predict request's body from a row, a list of rows, or such a body itself.

    Raises:
        CommandError: not JSON, or neither object nor list.
    """
    try:
        outline = msgspec.json.decode(document, type=dict[str, msgspec.Raw] | list[msgspec.Raw])
    except msgspec.ValidationError:
        raise CommandError(
            ExitCode.USAGE, f'--input: {source}: expected a row, a list of rows or {{"instances": [...]}}'
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        reason = str(error).removeprefix("JSON is malformed: ")
        raise CommandError(ExitCode.USAGE, f"--input: {source}: is not JSON ({reason})") from None
    if isinstance(outline, dict) and "instances" in outline:
        return document
    return b'{"instances":' + (document if isinstance(outline, list) else b"[" + document + b"]") + b"}"
