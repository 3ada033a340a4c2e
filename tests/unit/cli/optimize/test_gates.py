from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import helper, numpy_helper

from cli.optimize.gates import Bar, Judgement, ask, judge, one_digit_up
from cli.optimize.golden import golden_answers, golden_problems
from cli.optimize.making import Variant
from cli.optimize.rows import AskedRows
from cli.optimize.variants import Kind
from serin.golden import GoldenCase
from serin.manifest import Tolerance
from serin.protocol import Datatype
from tests.small_models.folder import SmallModel
from tests.small_models.graphs import graph, serialized, tensor

X = tensor("x", Datatype.FP32, -1, 3)
ROWS = np.random.default_rng(0).normal(size=(400, 3)).astype(np.float32)
CASE = {"x": [0.0, 0.0, 1.0]}


def times(factors: list[float]) -> bytes:
    """``y = x * factors``, which stands for a model (all 1) or for a variant that is a little off."""
    node = helper.make_node("Mul", ["x", "factors"], ["y"])
    weights = numpy_helper.from_array(np.array(factors, np.float32), "factors")
    return serialized(graph([node], [X], [tensor("y", Datatype.FP32, -1, 3)], [weights]))


def model(prediction: dict[str, Any], due: dict[str, Any]) -> SmallModel:
    outputs = (tensor("y", Datatype.FP32, -1, 3),)
    fields = {"prediction": prediction}
    return SmallModel(
        name="m", artifact=times([1, 1, 1]), inputs=(X,), outputs=outputs, golden=((CASE, due),), fields=fields
    )


SCORES = {"a": 0.0, "b": 0.0, "c": 1.0}
CLASSIFIER = model(
    {"task": "classification", "scores": "y", "labels": ["a", "b", "c"]},
    {"label": "c", "probability": 1.0, "probabilities": SCORES},
)
TENSORS = model({"task": "tensors"}, {"y": [0.0, 0.0, 1.0]})


def judged(
    of: SmallModel,
    factors: list[float],
    folder: Path,
    kind: Kind = "int8",
    tolerances: dict[str, Tolerance] | None = None,
    drop: float | None = None,
) -> Judgement:
    file = folder / "variant.onnx"
    file.write_bytes(times(factors))
    manifest = of.manifest()
    variant = Variant(kind=kind, artifact=manifest.artifact, stored=file, served=file)
    target = np.array(["a", "b", "c"])[ROWS.argmax(axis=1)]
    bar = Bar(
        manifest=manifest,
        rows=AskedRows(tensors={"x": ROWS}, target=None, origin="rows"),
        cases=[GoldenCase(instance=instance, prediction=due) for instance, due in of.golden],
        batched=True,
        answers={"y": ROWS},
        tolerances=tolerances or {},
        max_metric_drop=drop or 0.0,
        target=None if drop is None else target,
        metric=None if drop is None else 1.0,
    )
    asked = ask(variant, bar)
    assert not isinstance(asked, str), asked
    return judge(variant, asked, bar)


def test_the_same_answers_pass_without_another_tolerance(tmp_path: Path) -> None:
    found = judged(CLASSIFIER, [1, 1, 1], tmp_path)
    assert found.passes
    assert not found.tolerances
    assert found.invariance == "exact"


def test_a_variant_with_all_digits_is_held_to_the_tolerance_of_the_manifest(tmp_path: Path) -> None:
    found = judged(CLASSIFIER, [1, 1, 1.001], tmp_path, "graph")
    assert (
        found.problems[0].startswith("396 of 400 rows out of tolerance: row ")
        or "out of tolerance" in found.problems[0]
    )
    assert not found.tolerances


def test_one_with_fewer_digits_widens_it_to_what_was_measured_of_rows_and_golden_cases(tmp_path: Path) -> None:
    found = judged(CLASSIFIER, [1, 1, 1.0031], tmp_path)
    assert found.passes
    most = max(float(np.abs(ROWS[:, 2] * np.float32(0.0031)).max()), 0.0031)
    assert found.tolerances == {"y": Tolerance(absolute=one_digit_up(most), relative=1e-5)}


def test_golden_cases_count_where_the_rows_are_tame(tmp_path: Path) -> None:
    found = judged(CLASSIFIER, [1, 1, 1.0031], tmp_path, tolerances={"y": Tolerance(absolute=1e-4, relative=0.0031)})
    assert "golden case 1" not in "".join(found.problems)
    found = judged(CLASSIFIER, [1, 1, 1.0031], tmp_path, tolerances={"y": Tolerance(absolute=1e-4, relative=0)})
    assert any(problem.startswith("golden case 1: prediction.probab") for problem in found.problems)


def test_labels_must_agree_on_99_percent(tmp_path: Path) -> None:
    found = judged(CLASSIFIER, [1.2, 1, 1], tmp_path)
    assert any("of the rows as the model does, and 99 % are due" in problem for problem in found.problems)


def test_a_golden_case_that_gets_another_label_is_a_refusal(tmp_path: Path) -> None:
    found = judged(CLASSIFIER, [1, 1, -0.001], tmp_path)
    assert any(problem.startswith("golden case 1: prediction.label") for problem in found.problems)


def test_the_metric_may_fall_no_further_than_allowed(tmp_path: Path) -> None:
    found = judged(CLASSIFIER, [1.2, 1, 1], tmp_path, drop=0.0001)
    assert found.metric is not None
    assert found.metric < 1
    assert any(problem.startswith("the metric falls by 0.0") for problem in found.problems)


def test_numbers_need_somebody_who_says_how_far_off_will_do(tmp_path: Path) -> None:
    (problem,) = judged(TENSORS, [1, 1, 1.01], tmp_path).problems
    assert problem == "y is off by up to 0.03; give --target, or say by --tolerance y=... that this will do"
    allowed = {"y": Tolerance(absolute=0.05, relative=0.0)}
    found = judged(TENSORS, [1, 1, 1.01], tmp_path, tolerances=allowed)
    assert found.passes
    assert found.tolerances == allowed


def test_a_metric_that_holds_is_no_excuse_for_a_golden_case_that_is_far_off(tmp_path: Path) -> None:
    def tried(edge: float) -> Judgement:
        due = {"value": edge}
        regression = SmallModel(
            name="m",
            artifact=b"",
            inputs=(X,),
            outputs=(tensor("y", Datatype.FP32, -1, 1),),
            golden=(({"x": [0.0, 0.0, edge]}, due),),
            fields={"prediction": {"task": "regression", "value": "y"}},
        )
        file = tmp_path / "variant.onnx"
        nodes = [
            helper.make_node("Clip", ["x", "low", "high"], ["near"]),
            helper.make_node("ReduceSum", ["near", "axis"], ["y"]),
        ]
        weights = [
            numpy_helper.from_array(np.array(-5, np.float32), "low"),
            numpy_helper.from_array(np.array(5, np.float32), "high"),
            numpy_helper.from_array(np.array([1]), "axis"),
        ]
        file.write_bytes(serialized(graph(nodes, regression.inputs, regression.outputs, weights)))
        manifest = regression.manifest()
        answers = ROWS.sum(axis=1, keepdims=True)
        bar = Bar(
            manifest=manifest,
            rows=AskedRows(tensors={"x": ROWS}, target=None, origin="rows"),
            cases=[GoldenCase(instance={"x": [0.0, 0.0, edge]}, prediction=due)],
            batched=True,
            answers={"y": answers},
            tolerances={},
            max_metric_drop=0.01,
            target=answers[:, 0].astype(float),
            metric=1.0,
        )
        variant = Variant(kind="int8-static", artifact=manifest.artifact, stored=file, served=file)
        asked = ask(variant, bar)
        assert not isinstance(asked, str)
        return judge(variant, asked, bar)

    assert tried(5.1).passes
    (problem,) = tried(9.0).problems
    assert problem == "y is off by up to 4; say by --tolerance y=... that this will do"


def test_what_somebody_says_is_held(tmp_path: Path) -> None:
    found = judged(TENSORS, [1, 1, 1.01], tmp_path, tolerances={"y": Tolerance(absolute=0.01, relative=0.0)})
    assert "out of tolerance" in found.problems[0]


def test_answers_that_are_no_numbers_do_not_pass(tmp_path: Path) -> None:
    found = judged(TENSORS, [3e38, 1, 1], tmp_path)
    assert found.problems[0] == "y: not a number, or of another shape, where the model has one"


def test_a_variant_that_does_not_open_does_not_answer(tmp_path: Path) -> None:
    file = tmp_path / "variant.onnx"
    file.write_bytes(b"nothing")
    manifest = TENSORS.manifest()
    variant = Variant(kind="int8", artifact=manifest.artifact, stored=file, served=file)
    rows = AskedRows(tensors={"x": ROWS}, target=None, origin="rows")
    bar = Bar(
        manifest=manifest,
        rows=rows,
        cases=[],
        batched=True,
        answers={"y": ROWS},
        tolerances={},
        max_metric_drop=0,
    )
    assert str(ask(variant, bar)).startswith("does not answer: ")


@pytest.mark.parametrize(
    ("figure", "up"), [(0.0, 0.0), (0.05, 0.05), (0.051, 0.06), (0.0951, 0.1), (0.96, 1.0), (3.2e-5, 4e-5), (101, 200)]
)
def test_a_figure_is_rounded_up_to_one_digit(figure: float, up: float) -> None:
    assert one_digit_up(figure) == up


def test_golden_problems_are_told_one_at_a_time(tmp_path: Path) -> None:
    file = tmp_path / "variant.onnx"
    file.write_bytes(times([1, 1, 2]))
    manifest = TENSORS.manifest()
    variant = Variant(kind="graph", artifact=manifest.artifact, stored=file, served=file)
    cases = [GoldenCase(instance=CASE, prediction={"y": [0.0, 0.0, 1.0]})] * 3
    golden = golden_answers(variant, manifest, cases)
    assert golden.differences == {"y": 1.0}
    (problem,) = golden_problems(golden, {}, manifest, cases)
    assert problem.startswith("golden case 1: prediction.y[2]: 2.0 is not within")
    assert golden_problems(golden, {"y": Tolerance(absolute=1.0)}, manifest, cases) == []
