"""A command line that tries a model out."""

from __future__ import annotations

import json
import shlex
from typing import Final

from serin.manifest import Manifest
from serin.openapi.examples import example_request

_LONGEST_ARGUMENT: Final = 100_000
"""Bytes; Linux takes 128 KiB in one argument."""


def curl_line(url: str, manifest: Manifest) -> str:
    """One physical line for a shell that asks the model at ``url`` for a prediction of its own example."""
    body = shlex.quote(json.dumps(example_request(manifest), separators=(",", ":")))
    if len(body) > _LONGEST_ARGUMENT:
        return f"# its example is too long for a command line; {url}/docs has it"
    address = shlex.quote(f"{url}/models/{manifest.name}/predict")
    return f"curl -sS {address} -H 'content-type: application/json' -d {body}"
