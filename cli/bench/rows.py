"""Requests that a model is asked while it is measured: its golden cases, or failing those its example."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from serin.golden import read_golden
from serin.manifest import Manifest
from serin.openapi.examples import example_request

_MOST: Final = 100


def request_bodies(folder: Path, manifest: Manifest, golden: str | None) -> list[bytes]:
    """Bodies of predict requests, one row each; one at least.

    ``golden`` is the name of the model's file of golden cases; None where it has none.

    Raises:
        ModelFolderError: the golden cases cannot be read.
    """
    if golden is None:
        return [msgspec.json.encode(example_request(manifest))]
    cases = read_golden(folder / golden)[:_MOST]
    return [msgspec.json.encode({"instances": [case.instance]}) for case in cases]
