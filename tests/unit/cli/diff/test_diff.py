from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from onnx import TensorProto, helper

from cli.main import run
from cli.outcome import ExitCode
from serin.protocol import Datatype
from tests.small_models.catalogue import FLOWER, LOOP, PAIR, SHOP
from tests.small_models.faults import lock_file, put, relock, rewrite
from tests.small_models.folder import SmallModel
from tests.small_models.graphs import graph, serialized, tensor
from tests.small_models.multiply import write_multiply
from tests.unit.cli.card.models import HOSTILE, hostile, write_packaged
from tests.unit.cli.diff.test_revision import commit, git


def changed_flower(folder: Path) -> Path:
    """FLOWER with other weights and one node more, so that its golden case is a tulip."""
    weights = helper.make_tensor("weights", TensorProto.FLOAT, [2, 2], [-1.0, 1.0, 0.25, 0.5])
    x, scores = tensor("X", Datatype.FP32, -1, 2), tensor("scores", Datatype.FP32, -1, 2)
    nodes = [helper.make_node("MatMul", ["X", "weights"], ["made"]), helper.make_node("Identity", ["made"], ["scores"])]
    return replace(FLOWER, artifact=serialized(graph(nodes, [x], [scores], [weights]))).write(folder)


def difference(
    a: Path | str, b: Path | str, capsys: pytest.CaptureFixture[str], models: Path = Path("models")
) -> tuple[int, Any]:
    code = run(["diff", str(a), str(b), "--models", str(models), "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("model", [FLOWER, SHOP, PAIR], ids=lambda model: model.name)
def test_a_model_can_take_its_own_place(model: SmallModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model.write(tmp_path)
    code, found = difference(model.name, tmp_path / model.name, capsys, tmp_path)
    assert code == ExitCode.OK
    assert found["replaces"] is True
    assert found["answers"]["rows"] == len(model.golden)
    assert (found["answers"]["beyond"], found["answers"]["largest"]) == (0, 0)
    assert found["fields"] == found["signature"] == found["breaks"] == found["made"] == []
    assert found["operators"] == {}
    assert found["ratios"]["bytes"] == 1
    assert found["ratios"]["open_ms"] > 0
    assert found["ratios"]["row_ms"] > 0
    assert found["rows_timed"]["b"] >= 3


def test_other_answers_are_noticed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = difference(FLOWER.write(tmp_path / "a"), changed_flower(tmp_path / "b"), capsys)
    assert code == ExitCode.REFUSED
    assert found["replaces"] is False
    assert found["breaks"] == []
    assert found["answers"]["labels"] == {"rose to tulip": 1}
    assert found["answers"]["beyond"] == 1
    assert found["operators"] == {"ai.onnx.Identity": {"a": None, "b": 1}}


def test_a_b_that_takes_less_is_noticed_and_takes_the_rest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = FLOWER.write(tmp_path / "a"), FLOWER.write(tmp_path / "b")
    rewrite(b, put("features.0.range", [3, 10]))
    code, found = difference(a, b, capsys)
    assert code == ExitCode.REFUSED
    assert found["breaks"] == ["feature petal length: its range is narrower"]
    assert found["fields"] == [{"field": "features[petal length].range", "a": [0, 10], "b": [3, 10]}]
    assert (found["answers"]["rows"], found["answers"]["refused"]) == (1, 1)
    assert "petal length" in found["answers"]["refusal"]
    assert found["row_ms"]["b"] is None
    assert difference(b, b, capsys)[0] == ExitCode.OK


def test_a_b_that_takes_more_is_not_noticed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = FLOWER.write(tmp_path / "a"), write_packaged(tmp_path / "b")
    rewrite(b, put("features.0.range", [0, 20]))
    code, found = difference(a, b, capsys)
    assert code == ExitCode.OK
    assert found["metrics"]["accuracy"] == {"a": None, "b": 0.975}
    fields = {change["field"] for change in found["fields"]}
    assert {"title", "features[petal length].range", "lineage"} <= fields
    assert {change["field"] for change in found["made"]} == {"tools.skl2onnx", "provenance", "parity"}


def test_a_model_without_golden_cases_is_asked_its_example(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = write_multiply(tmp_path / "a"), write_multiply(tmp_path / "b", factor=4)
    code, found = difference(a, b, capsys)
    assert code == ExitCode.REFUSED
    assert (found["golden"], found["answers"]["rows"], found["answers"]["largest"]) == (False, 1, 6)


def test_a_signature_is_promised_within_a_major_version(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a = PAIR.write(tmp_path / "a")
    inputs = (PAIR.inputs[0], tensor("c", Datatype.FP32, -1, 2))
    nodes = [helper.make_node("Add", ["a", "c"], ["sum"]), helper.make_node("Sub", ["a", "c"], ["difference"])]
    b = replace(PAIR, inputs=inputs, artifact=serialized(graph(nodes, inputs, PAIR.outputs)), golden=()).write(
        tmp_path / "b"
    )
    code, found = difference(a, b, capsys)
    assert code == ExitCode.REFUSED
    assert found["promise"] == "inputs of 1.0.0 are not those of 1.0.0"
    assert [change["field"] for change in found["signature"]] == ["inputs[b]", "inputs[c]"]
    rewrite(b, put("version", "2.0.0"))
    relock(b, put("version", "2.0.0"))
    code, found = difference(a, b, capsys)
    assert found["promise"] is None
    assert "input b is gone" in found["breaks"]


def test_versions_of_git_s_history_are_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    models = tmp_path / "models"
    write_multiply(models)
    git(models, "init")
    commit(models)
    write_multiply(models, version="1.1.0", factor=3)
    code, found = difference("multiply@1.0.0", "multiply", capsys, models)
    assert code == ExitCode.REFUSED
    assert (found["a"]["version"], found["b"]["version"]) == ("1.0.0", "1.1.0")
    assert found["answers"]["largest"] == 3
    assert difference("multiply@HEAD", "multiply@1.0.0", capsys, models)[0] == ExitCode.OK


def test_the_report_for_people_says_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = FLOWER.write(tmp_path / "a"), changed_flower(tmp_path / "b")
    assert run(["diff", str(a), str(b)]) == ExitCode.REFUSED
    said = capsys.readouterr()
    assert said.err == f"serin: {b} cannot take the place of {a} unnoticed by clients\n"
    for line in (
        f"A: flower 1.0.0 ({a}), ",
        "  clients of A can call B\n",
        "  1 golden cases of A: 1 answered beyond tolerance, 0 refused by B\n",
        "  label rose to tulip: 1\n",
        "  ai.onnx.Identity  0  1\n",
        "  neither manifest states any\n",
        "  model, bytes ",
    ):
        assert line in said.out


def test_no_word_of_a_model_steers_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["diff", str(SHOP.write(tmp_path / "a")), str(hostile().write(tmp_path / "b"))])
    said = capsys.readouterr().out
    assert all(line.isprintable() for line in said.splitlines())
    assert HOSTILE[:20] in said


def test_a_row_that_neither_answers_in_time_is_nobody_s(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    endless = replace(LOOP, golden=(({"trips": 2**62}, {"total": 3}), ({"trips": 3}, {"total": 3})))
    code, found = difference(endless.write(tmp_path / "a"), LOOP.write(tmp_path / "b"), capsys)
    assert (code, found["answers"]["rows"]) == (ExitCode.OK, 1)


@pytest.mark.parametrize("side", ["a", "b"])
def test_a_model_that_is_not_admitted_is_not_opened(
    side: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = FLOWER.write(tmp_path / "good"), FLOWER.write(tmp_path / "bad")
    (bad / "weights.bin").touch()
    arguments = [str(bad), str(good)] if side == "a" else [str(good), str(bad)]
    assert run(["diff", *arguments]) == ExitCode.USAGE
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"serin: {bad}/weights.bin: unlisted: is not listed")
    assert said.err.count("\n") == 1


def test_a_model_that_cannot_be_opened_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = FLOWER.write(tmp_path / "good"), FLOWER.write(tmp_path / "bad")
    x, scores = tensor("X", Datatype.FP32, -1, 2), tensor("scores", Datatype.FP32, -1, 2)
    unfit = serialized(graph([helper.make_node("MatMul", ["X", "nowhere"], ["scores"])], [x], [scores]))
    lock_file(bad, "model.onnx", unfit)
    assert run(["diff", str(good), str(bad)]) == ExitCode.USAGE
    said = capsys.readouterr().err
    assert said.startswith(f"serin: {bad}: ")
    assert said.endswith("; `serin verify` says more\n")
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "said"),
    [("flowre", "did you mean 'flower'?"), ("flower@HEAD", "is not in a git repository"), ("absent/x", "has no model")],
)
def test_an_unknown_name_is_one_line(
    name: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    FLOWER.write(tmp_path)
    assert run(["diff", "flower", name, "--models", str(tmp_path)]) == ExitCode.USAGE
    assert said in capsys.readouterr().err
