"""The engine against real ONNX Runtime sessions."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import onnxruntime
import pytest
from onnx import TensorProto, helper

from serin.engine import EngineOptions, ModelLoadError, Session
from serin.errors import DeadlineExceeded, ModelRejectedInput
from serin.protocol import Datatype
from serin.tensor import Tensor, pack, unpack
from tests.small_models import SmallModel
from tests.small_models.catalogue import (
    DEEP,
    DIVISION,
    FLOWER,
    GATHER,
    IDENTITIES,
    LOG,
    LOOP,
    PAIR,
    SCALAR,
    SHOP,
    identity,
    integer_arithmetic,
)
from tests.small_models.graphs import graph, serialized, tensor

ENDLESS: Final = 2**62


def soon() -> float:
    return time.monotonic() + 5


def run(session: Session, **inputs: Tensor) -> dict[str, Tensor]:
    return session.run(inputs, [output.name for output in session.outputs], soon())


def packed(datatype: Datatype, values: list[Any], *shape: int) -> Tensor:
    return Tensor(datatype, shape, pack(datatype, values))


@pytest.mark.parametrize("model", IDENTITIES, ids=lambda model: model.name)
def test_every_datatype_goes_through_unchanged(model: SmallModel) -> None:
    datatype = model.inputs[0].datatype
    values = model.golden[0][0]["x"]
    x = packed(datatype, values, 1, 2)
    (y,) = run(model.session(), x=x).values()
    assert (y.datatype, y.shape, unpack(y)) == (datatype, (1, 2), unpack(x))
    if not isinstance(x.data, list):
        assert bytes(y.data) == bytes(x.data)  # type: ignore[arg-type]


@pytest.mark.parametrize("model", [*IDENTITIES, PAIR, SCALAR, FLOWER, SHOP, DEEP], ids=lambda model: model.name)
def test_a_session_tells_the_signature_of_its_graph(model: SmallModel) -> None:
    session = model.session()
    assert (session.inputs, session.outputs) == (model.inputs, model.outputs)


@pytest.mark.parametrize("datatype", [d for d in Datatype if d is not Datatype.BYTES])
def test_elements_may_begin_at_any_byte_of_a_buffer(datatype: Datatype) -> None:
    data = pack(datatype, [0, 1, 1, 0, 1])
    assert not isinstance(data, list)
    x = Tensor(datatype, (1, 5), memoryview(b"x" + bytes(data))[1:])
    (y,) = run(identity(datatype).session(), x=x).values()
    assert unpack(y) == [0, 1, 1, 0, 1]


def test_more_axes_than_numpy_has_are_served() -> None:
    shape = (2,) + (1,) * 95 + (3,)
    x = packed(Datatype.FP32, [0.5, 1, 2, 3, 4, 5], *shape)
    assert run(DEEP.session(), x=x)["y"] == Tensor(Datatype.FP32, shape, x.data)


def test_a_scalar_has_no_axis() -> None:
    assert run(SCALAR.session(), x=packed(Datatype.FP32, [2.5]))["y"].shape == ()


def test_only_the_outputs_that_are_asked_for_come_back() -> None:
    a, b = packed(Datatype.FP32, [1, 2], 1, 2), packed(Datatype.FP32, [3, 4], 1, 2)
    outputs = PAIR.session().run({"a": a, "b": b}, ["difference"], soon())
    assert {name: unpack(value) for name, value in outputs.items()} == {"difference": [-2.0, -2.0]}


def test_strings_come_back_whole() -> None:
    values = ["", "a\0b", "naïve ☃", "x" * 100_000]
    session = identity(Datatype.BYTES, rank=1).session()
    assert unpack(run(session, x=packed(Datatype.BYTES, values, 4))["y"]) == [value.encode() for value in values]


def test_numbers_that_are_not_finite_come_back_as_they_are() -> None:
    minus_infinity, not_a_number = unpack(run(LOG.session(), x=packed(Datatype.FP32, [0.0, -1.0], 2, 1))["y"])
    assert minus_infinity == -math.inf
    assert math.isnan(not_a_number)


@pytest.mark.parametrize(
    ("model", "inputs"),
    [
        (DIVISION, {"a": packed(Datatype.INT64, [7], 1), "b": packed(Datatype.INT64, [0], 1)}),
        (
            integer_arithmetic("Mod", Datatype.INT32),
            {"a": packed(Datatype.INT32, [7], 1), "b": packed(Datatype.INT32, [0], 1)},
        ),
        (GATHER, {"index": packed(Datatype.INT64, [3], 1)}),
        (GATHER, {"index": packed(Datatype.INT64, [-(2**63)], 1)}),
        (PAIR, {"a": packed(Datatype.FP32, [1] * 4, 2, 2), "b": packed(Datatype.FP32, [1] * 6, 3, 2)}),
        (SCALAR, {"x": packed(Datatype.FP64, [1])}),
    ],
)
def test_what_the_model_cannot_compute_is_the_inputs_fault_and_tells_nothing(
    model: SmallModel, inputs: dict[str, Tensor], capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ModelRejectedInput) as caught:
        run(model.session(), **inputs)
    assert caught.value.message == "the model cannot compute an answer for this input"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert capfd.readouterr() == ("", "")


def test_a_size_that_overflows_inside_the_model_is_refused_in_silence(capfd: pytest.CaptureFixture[str]) -> None:
    count, zeros = tensor("count", Datatype.INT64, 1), tensor("zeros", Datatype.FP32, -1)
    node = helper.make_node("ConstantOfShape", ["count"], ["zeros"])
    session = Session.load(serialized(graph([node], [count], [zeros])), EngineOptions())
    for size in (2**62, -1):
        with pytest.raises(ModelRejectedInput):
            run(session, count=packed(Datatype.INT64, [size], 1))
    assert capfd.readouterr() == ("", "")


# --- Deadlines ------------------------------------------------------------------------------------------------


def trips(count: int) -> dict[str, Tensor]:
    return {"trips": packed(Datatype.INT64, [count])}


def test_a_run_without_end_is_ended_at_its_deadline_and_the_session_goes_on() -> None:
    session = LOOP.session()
    begun = time.monotonic()
    with pytest.raises(DeadlineExceeded, match=r"^the model did not finish in time$"):
        session.run(trips(ENDLESS), ["total"], begun + 0.2)
    assert 0.2 <= time.monotonic() - begun < 3
    assert unpack(session.run(trips(3), ["total"], soon())["total"]) == [3]


def test_the_end_of_one_run_is_not_the_end_of_another() -> None:
    session = LOOP.session()
    with ThreadPoolExecutor(2) as pool:
        endless = pool.submit(session.run, trips(ENDLESS), ["total"], time.monotonic() + 0.3)
        others = [unpack(session.run(trips(n), ["total"], soon())["total"]) for n in range(50)]
        assert isinstance(endless.exception(), DeadlineExceeded)
    assert others == [[n] for n in range(50)]


# --- Loading --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "artifact",
    [b"", b"\0" * 100, b"PK\x03\x04" + bytes(60), b"\x80\x04\x95" + bytes(60), SCALAR.artifact[:-7], b"ORT"],
    ids=["empty", "zeros", "zip", "pickle", "cut short", "three letters"],
)
def test_bytes_that_are_no_model_are_refused(artifact: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ModelLoadError):
        Session.load(artifact, EngineOptions())
    assert capfd.readouterr() == ("", "")


def ort_format(model: SmallModel, file: Path) -> bytes:
    """The model in ONNX Runtime's own format, written by ONNX Runtime."""
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(file)
    options.log_severity_level = 4
    options.add_session_config_entry("session.save_model_format", "ORT")
    onnxruntime.InferenceSession(model.artifact, options, providers=["CPUExecutionProvider"])
    return file.read_bytes()


def test_a_model_in_the_ort_format_is_served_where_it_is_declared(tmp_path: Path) -> None:
    session = Session.load(ort_format(PAIR, tmp_path / "pair.ort"), EngineOptions(), "ort")
    assert (session.inputs, session.outputs) == (PAIR.inputs, PAIR.outputs)
    assert not session.divides


def test_neither_format_passes_for_the_other(tmp_path: Path) -> None:
    ort = ort_format(PAIR, tmp_path / "pair.ort")
    with pytest.raises(ModelLoadError, match="the artifact's bytes are not of the declared format 'onnx'"):
        Session.load(ort, EngineOptions())
    with pytest.raises(ModelLoadError, match="the artifact's bytes are not of the declared format 'ort'"):
        Session.load(PAIR.artifact, EngineOptions(), "ort")


@pytest.mark.parametrize("operator", ["Div", "Mod"])
@pytest.mark.parametrize("datatype", [Datatype.INT32, Datatype.INT64])
def test_a_model_that_divides_is_known_in_both_formats(operator: str, datatype: Datatype, tmp_path: Path) -> None:
    model = integer_arithmetic(operator, datatype)
    assert model.session().divides
    assert Session.load(ort_format(model, tmp_path / "model.ort"), EngineOptions(), "ort").divides


@pytest.mark.parametrize("model", [PAIR, LOOP, FLOWER, SHOP], ids=lambda model: model.name)
def test_a_model_that_does_not_divide_is_known_too(model: SmallModel) -> None:
    assert not model.session().divides


def test_a_division_inside_a_loop_is_found() -> None:
    body = graph(
        [helper.make_node("Identity", ["go_on"], ["still"]), helper.make_node("Div", ["count", "count"], ["counted"])],
        [tensor("step", Datatype.INT64), tensor("go_on", Datatype.BOOL), tensor("count", Datatype.INT64)],
        [tensor("still", Datatype.BOOL), tensor("counted", Datatype.INT64)],
    )
    ones = [helper.make_tensor("one", TensorProto.INT64, [], [1])]
    node = helper.make_node("Loop", ["trips", "", "one"], ["total"], body=body)
    outer = graph([node], [tensor("trips", Datatype.INT64)], [tensor("total", Datatype.INT64)], ones)
    assert Session.load(serialized(outer), EngineOptions()).divides


def test_types_that_are_no_dense_tensor_are_refused_by_name() -> None:
    made = helper.make_tensor_sequence_value_info("parts", TensorProto.FLOAT, None)
    with_sequence = graph(
        [helper.make_node("SequenceConstruct", ["x"], ["parts"])], [tensor("x", Datatype.FP32, 1)], []
    )
    with_sequence.output.append(made)
    with pytest.raises(ModelLoadError, match=r"^'parts' is a sequence; only dense tensors are served$"):
        Session.load(serialized(with_sequence), EngineOptions())


@pytest.mark.parametrize("number", [packed(Datatype.BF16, [1.5], 1), packed(Datatype.FP32, [2.5], *([1] * 65))])
def test_strings_stand_beside_numbers_of_any_datatype_and_rank(number: Tensor) -> None:
    text = packed(Datatype.BYTES, ["a\0b", ""], 2)
    inputs = [tensor(name, part.datatype, *([-1] * len(part.shape))) for name, part in (("a", text), ("b", number))]
    outputs = [tensor(name, part.datatype, *part.shape) for name, part in zip("cd", inputs, strict=True)]
    nodes = [helper.make_node("Identity", ["a"], ["c"]), helper.make_node("Identity", ["b"], ["d"])]
    session = Session.load(serialized(graph(nodes, inputs, outputs)), EngineOptions())
    answers = run(session, a=text, b=number)
    assert [unpack(answer) for answer in answers.values()] == [unpack(text), unpack(number)]
    assert [answer.shape for answer in answers.values()] == [text.shape, number.shape]


def test_a_number_type_that_is_not_served_is_refused_by_name() -> None:
    made = helper.make_tensor_value_info("y", TensorProto.FLOAT8E5M2, [1])
    cast = helper.make_node("Cast", ["x"], ["y"], to=TensorProto.FLOAT8E5M2)
    with_float8 = graph([cast], [tensor("x", Datatype.FP32, 1)], [])
    with_float8.output.append(made)
    with pytest.raises(
        ModelLoadError, match=r"^'y' is a tensor of ONNX's datatype \d+; only dense tensors are served$"
    ):
        Session.load(serialized(with_float8), EngineOptions())


def test_importing_the_engine_turns_telemetry_off_and_a_models_own_settings_out() -> None:
    code = "import os, serin.engine; print(*sorted(name for name in os.environ if name.startswith('ORT_')))"
    environment = os.environ | {"ORT_LOAD_CONFIG_FROM_MODEL": "1", "ORT_DISABLE_TELEMETRY": "0"}
    result = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["ORT_DISABLE_TELEMETRY"]
