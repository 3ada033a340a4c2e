"""Models and inputs on which the engine is compared with ONNX Runtime's Python binding."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
from onnx import TensorProto, numpy_helper
from onnx.backend.test.case.node import collect_testcases

from serin.engine import EngineOptions, Session
from serin.engine.metadata import DATATYPES
from serin.protocol import Datatype, TensorMetadata
from serin.tensor import Tensor
from tests.small_models import SmallModel, catalogue

MODELS: Final = Path(__file__).resolve().parents[3] / "models"
SEEDS: Final = 5
NUMPY_TYPES: Final[dict[Datatype, np.dtype[Any]]] = {
    Datatype.BOOL: np.dtype("?"),
    Datatype.FP16: np.dtype("f2"),
    Datatype.FP32: np.dtype("f4"),
    Datatype.FP64: np.dtype("f8"),
    **{Datatype(f"INT{8 * size}"): np.dtype(f"i{size}") for size in (1, 2, 4, 8)},
    **{Datatype(f"UINT{8 * size}"): np.dtype(f"u{size}") for size in (1, 2, 4, 8)},
}


class Feed(msgspec.Struct, frozen=True):
    """One input, in a form that travels between processes."""

    name: str
    datatype: Datatype
    shape: tuple[int, ...]
    data: bytes | list[bytes]

    def tensor(self) -> Tensor:
        return Tensor(self.datatype, self.shape, self.data)


class Case(msgspec.Struct, frozen=True):
    """One model and one set of inputs; ``feeds`` is None where an input is no dense tensor of a served datatype."""

    name: str
    artifact: bytes
    feeds: list[Feed] | None


def every_case() -> Iterator[Case]:
    yield from _node_cases()
    for model in _small_models():
        yield from _random_cases(model.name, model.artifact)
    for file in sorted(MODELS.glob("*/model.onnx")):
        yield from _random_cases(file.parent.name, file.read_bytes())


def _node_cases() -> Iterator[Case]:
    """The test models of every operator, as the `onnx` package makes them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numpy's, on overflows that the cases are about
        cases = collect_testcases(None)
    for case in cases:
        assert case.model is not None
        assert case.data_sets is not None
        names = [part.name for part in case.model.graph.input]
        for number, (inputs, _) in enumerate(case.data_sets):
            feeds = [_feed(name, value) for name, value in zip(names, inputs, strict=False)]
            dense = [feed for feed in feeds if feed is not None]
            complete = len(dense) == len(feeds)
            yield Case(f"{case.name}/{number}", case.model.SerializeToString(), dense if complete else None)


def _feed(name: str, value: Any) -> Feed | None:
    if isinstance(value, TensorProto):
        value = numpy_helper.to_array(value)
    if not isinstance(value, np.ndarray | np.generic):
        return None
    proto = numpy_helper.from_array(np.asarray(value))
    datatype = DATATYPES.get(proto.data_type)
    if datatype is None:
        return None
    data = list(proto.string_data) if datatype is Datatype.BYTES else proto.raw_data
    return Feed(name, datatype, tuple(proto.dims), data)


def _small_models() -> list[SmallModel]:
    named = [model for model in vars(catalogue).values() if isinstance(model, SmallModel)]
    return [*named, *catalogue.IDENTITIES]


def _random_cases(name: str, artifact: bytes) -> Iterator[Case]:
    session = Session.load(artifact, EngineOptions())
    for seed in range(SEEDS):
        generator = np.random.default_rng(seed)
        yield Case(f"{name}/{seed}", artifact, [_random_feed(part, generator, seed + 1) for part in session.inputs])


def _random_feed(part: TensorMetadata, generator: np.random.Generator, rows: int) -> Feed:
    """Elements from 1 to 3: small enough for a loop's trips, and no divisor that ends the process."""
    free = [place for place, axis in enumerate(part.shape) if axis < 0]
    shape = tuple((rows if place in free[:1] else 1) if axis < 0 else axis for place, axis in enumerate(part.shape))
    numbers = generator.uniform(1, 3, math.prod(shape))
    if part.datatype is Datatype.BYTES:
        return Feed(part.name, part.datatype, shape, [f"{number:.3f}\0é".encode() for number in numbers])
    if part.datatype is Datatype.BF16:
        data = (numbers.astype("<f4").view("<u4") >> 16).astype("<u2").tobytes()
    else:
        data = numbers.astype(NUMPY_TYPES[part.datatype]).tobytes()
    return Feed(part.name, part.datatype, shape, data)
