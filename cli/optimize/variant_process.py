"""The process that makes one variant: `python -m cli.optimize.variant_process MEMORY SECONDS ORDER`. Prints ``Made``.

ONNX Runtime's tools take any memory they like and may die of a model; here they harm nobody.
"""

from __future__ import annotations

import logging
import signal
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Literal

import msgspec


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be made, and where it goes.

    ``level``: what the image build does to the graph; None where nothing. ``format``: that the variant is stored in.
    ``artifact``: the model as it is; ``stored``, ``served``: where the variant goes, and what a function would open.
    """

    kind: Literal["present", "graph", "int8", "int8-static", "fp16"]
    format: Literal["onnx", "ort"]
    level: Literal["portable", "full"] | None
    architecture: Literal["x86_64", "arm64"]
    batched: bool
    artifact: str
    stored: str
    served: str
    calibration: str | None = None


class Made(msgspec.Struct, frozen=True):
    """``problem``: why there is no such variant; empty where it is written."""

    problem: str = ""


def main(_memory: str, seconds: str, order: str) -> None:
    """Make what ``order`` says, an ``Order`` as JSON, within ``seconds``."""
    signal.alarm(int(seconds))  # outlives nobody
    logging.disable()
    with redirect_stdout(sys.stderr):  # the tools tell of their progress
        made = _make(msgspec.json.decode(order, type=Order))
    sys.stdout.buffer.write(msgspec.json.encode(made))


def _make(order: Order) -> Made:
    from cli.optimize.variants import NotMade, make
    from serin.engine import optimize

    artifact = Path(order.artifact).read_bytes()
    calibration = None if order.calibration is None else Path(order.calibration)
    try:
        stored = make(order.kind, artifact, order.architecture, calibration, batched=order.batched)
        if order.format == "ort":
            stored = served = optimize(stored)
        else:
            served = stored if order.level is None else optimize(stored, order.level)
    except NotMade as error:
        return Made(problem=str(error))
    except Exception as error:  # noqa: BLE001 - the tools raise whatever comes up
        return Made(problem=f"ONNX Runtime's tools failed on it ({type(error).__name__}: {str(error)[:200]})")
    Path(order.stored).write_bytes(stored)
    Path(order.served).write_bytes(served)
    return Made()


if __name__ == "__main__":
    main(*sys.argv[1:])
