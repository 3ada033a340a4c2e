"""Models that are loaded and answer, without any transport."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from onnx import helper

from serin.errors import (
    DeadlineExceeded,
    InvalidInput,
    ModelFolderError,
    ModelNotFound,
    ModelRejectedInput,
    OutputNotFinite,
)
from serin.protocol import Datatype
from serin.service import Inference, Model, Service
from serin.tensor import Tensor, pack, unpack
from tests.small_models import SmallModel, loaded
from tests.small_models.catalogue import (
    DIVISION,
    FLOWER,
    GATHER,
    LOG,
    LOOP,
    PAIR,
    SCALAR,
    SHOP,
    identity,
    integer_arithmetic,
)
from tests.small_models.graphs import graph, serialized, tensor


def open_model(model: SmallModel, folder: Path) -> Model:
    return loaded([model], folder).model(model.name)


def packed(datatype: Datatype, values: list[Any], *shape: int) -> Tensor:
    return Tensor(datatype, shape, pack(datatype, values))


def infer(model: Model, /, seconds: float = 5, **inputs: Tensor) -> Inference:
    return model.infer(inputs, [output.name for output in model.outputs], time.monotonic() + seconds)


def test_a_service_has_its_models_by_name_and_version(tmp_path: Path) -> None:
    service = loaded([FLOWER, PAIR], tmp_path)
    assert service.model("flower").name == "flower"
    assert service.model("pair", "1.0.0").version == "1.0.0"
    assert list(service.models) == ["flower", "pair"]
    assert service.ready()


def test_another_name_or_version_is_not_found(tmp_path: Path) -> None:
    service = loaded([FLOWER], tmp_path)
    for name in ("Flower", "", "flower/", "kiwi7319"):
        with pytest.raises(ModelNotFound) as caught:
            service.model(name)
        assert "kiwi7319" not in caught.value.message
    for version in ("1.0", "", "1.0.1", "kiwi7319"):
        with pytest.raises(ModelNotFound, match=r"not served in this version; it is served as 1\.0\.0") as caught:
            service.model("flower", version)
        assert "kiwi7319" not in caught.value.message


def test_a_service_without_models_is_not_ready() -> None:
    assert not Service([]).ready()


def test_the_metadata_is_the_manifests(tmp_path: Path) -> None:
    metadata = open_model(FLOWER, tmp_path).metadata()
    assert (metadata.name, metadata.versions, metadata.platform) == ("flower", ("1.0.0",), "onnxruntime_onnx")
    assert (metadata.inputs, metadata.outputs) == (FLOWER.inputs, FLOWER.outputs)


def test_a_run_tells_its_rows_and_what_the_model_saw(tmp_path: Path) -> None:
    model = open_model(FLOWER, tmp_path)
    inference = infer(model, X=packed(Datatype.FP32, [1, float("nan"), 2, 3, 0, 0], 3, 2))
    assert inference.rows == 3
    assert unpack(inference.inputs["X"]) == [1, 4, 2, 3, 0, 0]
    assert unpack(inference.outputs["scores"]) == [3, 0, 3.5, -1.25, 0, 0]
    assert 0 < inference.seconds < 5
    assert len(model.predict(inference)) == 3


def test_a_run_without_a_batch_axis_has_one_row(tmp_path: Path) -> None:
    assert infer(open_model(SCALAR, tmp_path), x=packed(Datatype.FP32, [1])).rows == 1


def test_the_policy_stands_before_the_model(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="row 0, feature `petal length`: must be between 0 and 10"):
        infer(open_model(FLOWER, tmp_path), X=packed(Datatype.FP32, [11, 1], 1, 2))


def test_a_request_without_time_left_is_not_run(tmp_path: Path) -> None:
    with pytest.raises(DeadlineExceeded, match="no time left"):
        infer(
            open_model(PAIR, tmp_path),
            seconds=0,
            a=packed(Datatype.FP32, [1, 1], 1, 2),
            b=packed(Datatype.FP32, [1, 1], 1, 2),
        )


def test_the_manifests_time_out_ends_a_run_before_the_requests(tmp_path: Path) -> None:
    begun = time.monotonic()
    with pytest.raises(DeadlineExceeded, match="did not finish in time"):
        infer(open_model(LOOP, tmp_path), seconds=60, trips=packed(Datatype.INT64, [2**62]))
    assert 1 <= time.monotonic() - begun < 5


@pytest.mark.parametrize("operator", ["Div", "Mod"])
@pytest.mark.parametrize("datatype", [Datatype.INT32, Datatype.INT64])
def test_the_lowest_integer_by_minus_one_is_refused_and_the_process_lives(
    operator: str, datatype: Datatype, tmp_path: Path
) -> None:
    model = open_model(integer_arithmetic(operator, datatype), tmp_path)
    assert datatype.limits is not None
    lowest = int(datatype.limits[0])
    minus_one = packed(datatype, [-1], 1)
    with pytest.raises(InvalidInput, match="element 0, input `a`: must be a finite number above"):
        infer(model, a=packed(datatype, [lowest], 1), b=minus_one)
    quotient = {"Div": -(lowest + 1), "Mod": 0}[operator]
    assert unpack(infer(model, a=packed(datatype, [lowest + 1], 1), b=minus_one).outputs["c"]) == [quotient]


def test_what_the_model_cannot_compute_is_the_inputs_fault(tmp_path: Path) -> None:
    service = loaded([DIVISION, GATHER], tmp_path)
    with pytest.raises(ModelRejectedInput):
        infer(service.model("div-int64"), a=packed(Datatype.INT64, [1], 1), b=packed(Datatype.INT64, [0], 1))
    with pytest.raises(ModelRejectedInput):
        infer(service.model("gather"), index=packed(Datatype.INT64, [3], 1))


def test_features_and_predictions_are_counted_into_the_baselines_bins(tmp_path: Path) -> None:
    model = open_model(SHOP, tmp_path)
    inputs = {
        "city": packed(Datatype.BYTES, ["Oslo", "Rome", "Oslo"], 3, 1),
        "visits": packed(Datatype.INT64, [1, 2, 3], 3, 1),
        "member": packed(Datatype.BOOL, [True, False, True], 3, 1),
        "age": packed(Datatype.FP64, [float("nan"), 20, 50], 3, 1),
    }
    inference = infer(model, 5, **inputs)
    assert inference.feature_bins is not None
    found = json.loads(bytes(inference.feature_bins))
    assert found == {"city": {"1": 2, "0": 1}, "age": {"missing": 1, "0": 1, "1": 1}}
    assert model.count_predictions(model.predict(inference)) == {"1": 2, "0": 1}
    assert model.count_outputs(inference.outputs) == {"1": 2, "0": 1}


def test_outputs_that_make_no_prediction_are_not_counted(tmp_path: Path) -> None:
    model = open_model(SHOP, tmp_path)
    infinite = packed(Datatype.FP64, [float("inf")], 1, 1)
    assert model.count_outputs({}) == {}
    assert model.count_outputs({"spending": infinite}) == {}
    with pytest.raises(OutputNotFinite):
        model.predict(Inference({"spending": infinite}, {}, 1, 0.0))


def test_without_a_baseline_or_with_drift_turned_off_nothing_is_counted(tmp_path: Path) -> None:
    off = SmallModel(
        **{name: getattr(FLOWER, name) for name in ("name", "artifact", "inputs", "outputs", "baseline")},
        fields={**FLOWER.fields, "monitoring": {"drift": False}},
    )
    for model, inputs in (
        (open_model(off, tmp_path), {"X": packed(Datatype.FP32, [1, 1], 1, 2)}),
        (open_model(LOG, tmp_path), {"x": packed(Datatype.FP32, [1], 1, 1)}),
    ):
        inference = infer(model, 5, **inputs)
        counted = [inference.feature_bins, model.count_outputs(inference.outputs)]
        assert counted == [None, {}]
        assert model.count_predictions(model.predict(inference)) == {}


def test_a_model_that_answers_other_rows_than_it_was_asked_is_not_believed(tmp_path: Path) -> None:
    model = open_model(SHOP, tmp_path)
    two = packed(Datatype.FP64, [1, 2], 2, 1)
    with pytest.raises(ModelRejectedInput, match="does not answer these rows one by one"):
        model.predict(Inference({"spending": two}, {}, 3, 0.0))


KEPT: dict[str, Any] = {"answer_cache": {"size": 10, "seconds": 60}}


def keeping(model: SmallModel) -> SmallModel:
    return replace(model, fields=dict(model.fields) | {"serving": KEPT})


def drawing() -> SmallModel:
    """Noise of the input's shape."""
    x, y = tensor("x", Datatype.FP32, -1, 1), tensor("y", Datatype.FP32, -1, 1)
    node = helper.make_node("RandomUniformLike", ["x"], ["y"])
    return SmallModel(name="noise", artifact=serialized(graph([node], [x], [y])), inputs=(x,), outputs=(y,))


def test_a_question_that_comes_again_gets_the_kept_answer(tmp_path: Path) -> None:
    model = open_model(keeping(identity(Datatype.FP32)), tmp_path)
    asked = [infer(model, x=packed(Datatype.FP32, [value], 1, 1)) for value in (1, 2, 1)]
    assert [inference.cached for inference in asked] == [False, False, True]
    assert [unpack(inference.outputs["y"]) for inference in asked] == [[1], [2], [1]]


def test_an_answer_is_kept_for_the_outputs_that_were_asked_for(tmp_path: Path) -> None:
    model = open_model(keeping(PAIR), tmp_path)
    inputs = {item.name: packed(item.datatype, [1, 2], 1, 2) for item in model.inputs}
    wanted = [output.name for output in model.outputs]
    assert infer(model, 5, **inputs).cached is False
    one = model.infer(inputs, wanted[:1], time.monotonic() + 5)
    assert (one.cached, list(one.outputs)) == (False, wanted[:1])


def test_a_refused_question_is_not_answered_by_the_cache(tmp_path: Path) -> None:
    model = open_model(keeping(identity(Datatype.FP32)), tmp_path)
    for _ in range(2):
        with pytest.raises(InvalidInput):
            infer(model, x=packed(Datatype.FP32, [float("nan")], 1, 1))


def test_a_model_without_a_cache_runs_each_time(tmp_path: Path) -> None:
    model = open_model(identity(Datatype.FP32), tmp_path)
    assert infer(model, x=packed(Datatype.FP32, [1], 1, 1)).cached is None


def test_a_model_that_draws_random_numbers_keeps_no_answers(tmp_path: Path) -> None:
    assert open_model(drawing(), tmp_path / "without").name == "noise"
    with pytest.raises(ModelFolderError, match=r"model\.yaml: serving\.answer_cache: the model draws random numbers"):
        open_model(keeping(drawing()), tmp_path / "with")
