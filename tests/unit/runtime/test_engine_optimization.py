"""Models that ONNX Runtime has optimised, written to its own format and mapped from there."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from onnx import helper, numpy_helper

from serin.engine import EngineOptions, ModelLoadError, Session, is_prepacked, optimize
from serin.engine.optimization import Level
from serin.protocol import Datatype, TensorMetadata
from serin.tensor import Tensor, pack
from tests.small_models import SmallModel
from tests.small_models.catalogue import DIVISION, FLOWER, IDENTITIES, LOOP, PAIR, SHOP
from tests.small_models.graphs import graph, serialized, tensor

LEVELS: Final[tuple[Level, ...]] = ("portable", "full")
MODELS: Final = {
    path.parent.name: path.read_bytes()
    for path in sorted((Path(__file__).resolve().parents[3] / "models").glob("*/model.onnx"))
}


def run(session: Session, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
    return session.run(inputs, [output.name for output in session.outputs], time.monotonic() + 60)


def example(part: TensorMetadata) -> Tensor:
    """Three rows of numbers from 1 to 3, or of words."""
    shape = tuple(3 if axis < 0 else axis for axis in part.shape)
    values: list[Any] = [1 + place % 3 for place in range(math.prod(shape))]
    if part.datatype is Datatype.BYTES:
        values = [f"word {value}" for value in values]
    return Tensor(part.datatype, shape, pack(part.datatype, values))


def mapped(artifact: bytes, level: Level, folder: Path) -> Session:
    file = folder / "model.ort"
    file.write_bytes(optimize(artifact, level))
    return Session.map(str(file), EngineOptions())


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("model", [*IDENTITIES, PAIR, FLOWER, SHOP, LOOP], ids=lambda model: model.name)
def test_a_mapped_model_answers_as_its_original(model: SmallModel, level: Level, tmp_path: Path) -> None:
    inputs = {part.name: example(part) for part in model.inputs}
    session = mapped(model.artifact, level, tmp_path)
    assert (session.inputs, session.outputs) == (model.inputs, model.outputs)
    assert run(session, inputs) == run(model.session(), inputs)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", MODELS)
def test_a_mapped_sample_model_answers_as_its_original(name: str, level: Level, tmp_path: Path) -> None:
    """Bit for bit: these are trees, linear models and a small network, which either level computes alike."""
    original = Session.load(MODELS[name], EngineOptions())
    inputs = {part.name: example(part) for part in original.inputs}
    session = mapped(MODELS[name], level, tmp_path)
    assert (session.inputs, session.outputs, session.divides) == (original.inputs, original.outputs, original.divides)
    assert run(session, inputs) == run(original, inputs)


def network() -> bytes:
    """Convolution, normalisation, activation and sum, which ONNX Runtime fuses."""
    generator = np.random.default_rng(0)

    def weights(name: str, *shape: int) -> Any:
        return numpy_helper.from_array(generator.uniform(0.1, 1, shape).astype(np.float32), name)

    x, y = tensor("x", Datatype.FP32, -1, 3, 16, 16), tensor("y", Datatype.FP32, -1, 8, 16, 16)
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node("BatchNormalization", ["c", "scale", "bias", "mean", "variance"], ["n"]),
        helper.make_node("Relu", ["n"], ["r"]),
        helper.make_node("Conv", ["r", "v"], ["d"], pads=[1, 1, 1, 1]),
        helper.make_node("Add", ["d", "r"], ["y"]),
    ]
    of_each = [weights(name, 8) for name in ("scale", "bias", "mean", "variance")]
    return serialized(graph(nodes, [x], [y], [weights("w", 8, 3, 3, 3), weights("v", 8, 8, 3, 3), *of_each]))


@pytest.mark.parametrize("level", LEVELS)
def test_fusion_differs_by_rounding_alone(level: Level, tmp_path: Path) -> None:
    artifact = network()
    x = np.random.default_rng(1).uniform(-1, 1, (2, 3, 16, 16)).astype(np.float32)
    inputs = {"x": Tensor(Datatype.FP32, x.shape, x.tobytes())}
    answers = [
        run(session, inputs)["y"]
        for session in (Session.load(artifact, EngineOptions()), mapped(artifact, level, tmp_path))
    ]
    original, optimized = (np.frombuffer(answer.data, np.float32) for answer in answers)  # type: ignore[arg-type]
    np.testing.assert_allclose(optimized, original, rtol=1e-5, atol=1e-5)


def test_a_portable_model_holds_nothing_of_the_processors_memory_layouts() -> None:
    assert b"ReorderInput" not in optimize(network(), "portable")  # the operator that leads into such a layout


def test_an_optimised_model_can_be_loaded_from_bytes_too() -> None:
    inputs = {part.name: example(part) for part in PAIR.inputs}
    assert run(Session.load(optimize(PAIR.artifact), EngineOptions(), "ort"), inputs) == run(PAIR.session(), inputs)


def test_a_mapped_session_outlives_the_name_of_its_file(tmp_path: Path) -> None:
    session = mapped(network(), "portable", tmp_path)
    (tmp_path / "model.ort").unlink()
    inputs = {part.name: example(part) for part in session.inputs}
    first = run(session, inputs)
    assert all(run(session, inputs) == first for _ in range(3))


def test_a_model_that_divides_is_known_when_mapped(tmp_path: Path) -> None:
    assert mapped(DIVISION.artifact, "full", tmp_path).divides
    assert not mapped(PAIR.artifact, "full", tmp_path).divides
    assert not Session.map(str(tmp_path / "model.ort"), EngineOptions(), divides=False).divides


def test_what_is_known_of_divisions_is_believed(tmp_path: Path) -> None:
    mapped(PAIR.artifact, "full", tmp_path)
    assert Session.map(str(tmp_path / "model.ort"), EngineOptions(), divides=True).divides


def product(operator: str, weights: np.dtype[Any]) -> bytes:
    """``y = x w`` for a square ``w`` of more than a megabyte."""
    values = np.random.default_rng(0).integers(-9, 9, (1200, 1200)).astype(weights)
    x = tensor("x", Datatype.FP32 if weights.kind == "f" else Datatype.INT8, -1, 1200)
    y = tensor("y", Datatype.FP32 if weights.kind == "f" else Datatype.INT32, -1, 1200)
    node = helper.make_node(operator, ["x", "w"], ["y"])
    return serialized(graph([node], [x], [y], [numpy_helper.from_array(values, "w")]))


@pytest.mark.parametrize(
    ("artifact", "is_worth_it"),
    [
        (PAIR.artifact, True),
        (product("MatMul", np.dtype(np.float32)), False),
        (product("MatMulInteger", np.dtype(np.int8)), True),
    ],
    ids=["small", "floats", "quantised"],
)
def test_weights_are_copied_where_it_is_worth_it_and_answer_alike(
    artifact: bytes, is_worth_it: bool, tmp_path: Path
) -> None:
    file = tmp_path / "model.ort"
    file.write_bytes(optimize(artifact))
    assert is_prepacked(file.read_bytes()) == is_worth_it
    original = Session.load(artifact, EngineOptions())
    inputs = {part.name: example(part) for part in original.inputs}
    due = run(original, inputs)
    for prepack in (None, False, True):  # sums of small whole numbers are exact in every order
        assert run(Session.map(str(file), EngineOptions(), prepack=prepack), inputs) == due


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("artifact", [b"", b"\0" * 100, PAIR.artifact[:-7], b"\0\0\0\0ORTM"])
def test_bytes_that_are_no_model_are_not_optimised(artifact: bytes, level: Level) -> None:
    with pytest.raises(ModelLoadError):
        optimize(artifact, level)


def test_optimisation_leaves_no_file_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    optimize(PAIR.artifact)
    with pytest.raises(ModelLoadError):
        optimize(b"no model")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"short", PAIR.artifact, b"\0" * 100])
def test_a_file_of_another_format_is_not_mapped(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "model.ort"
    file.write_bytes(content)
    with pytest.raises(ModelLoadError, match=r"model\.ort is not of the format 'ort'$"):
        Session.map(str(file), EngineOptions())


def test_a_file_that_is_not_there_is_not_mapped(tmp_path: Path) -> None:
    with pytest.raises(ModelLoadError, match=r"model\.ort cannot be read: No such file or directory$"):
        Session.map(str(tmp_path / "model.ort"), EngineOptions())


def test_a_file_that_was_cut_short_is_not_mapped(tmp_path: Path) -> None:
    file = tmp_path / "model.ort"
    file.write_bytes(optimize(PAIR.artifact)[:-200])
    with pytest.raises(ModelLoadError):
        Session.map(str(file), EngineOptions())
