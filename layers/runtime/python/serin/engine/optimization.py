"""A model as ONNX Runtime has optimised it, in ONNX Runtime's own format."""

from __future__ import annotations

import os
from typing import Final, Literal

from serin.engine.c_api import OPTIMIZE_ALL, OPTIMIZE_EXTENDED
from serin.engine.options import EngineOptions, Opening
from serin.engine.session import open_artifact

Level = Literal["portable", "full"]

_LEVELS: Final[dict[Level, int]] = {"portable": OPTIMIZE_EXTENDED, "full": OPTIMIZE_ALL}
_SAVED: Final = {"session.load_model_format": "ONNX", "session.save_model_format": "ORT"}


def optimize(artifact: bytes, level: Level = "portable") -> bytes:
    """``artifact``, an ``.onnx`` model, as an ``.ort`` file for this version of ONNX Runtime.

    What fusion computes may differ from the original by rounding, as it does when the original is loaded with the
    optimisations that are on by default. Two files of one model may differ in the order of what they hold, and answer
    alike.

    Args:
        artifact: The whole model file.
        level: ``portable`` stops before what depends on the processor at hand; ``full`` goes on with it (memory
            layouts for its vector width), and belongs on machines of the same kind.

    Raises:
        ModelLoadError: ONNX Runtime cannot open it, or cannot write all of it in this format.
    """
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="serin-") as folder:
        file = os.path.join(folder, "model.ort")
        open_artifact(artifact, Opening(EngineOptions(), _SAVED, _LEVELS[level], file))
        with open(file, "rb") as written:
            return written.read()
