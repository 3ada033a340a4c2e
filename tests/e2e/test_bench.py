"""`serin bench` as people run it: the real function under the real emulator, in real shares of this machine."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from onnx import TensorProto, helper

from cli.outcome import ExitCode
from serin.model_folder import load_manifest
from serin.protocol import Datatype
from tests.serving import COMMAND, serving
from tests.small_models.folder import SmallModel
from tests.small_models.graphs import graph, serialized, tensor

SHORT = ("--requests", "10", "--starts", "1")


def bench(model: str, models: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, "bench", model, "--models", str(models), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


def refused(done: subprocess.CompletedProcess[str], code: ExitCode = ExitCode.REFUSED) -> str:
    assert done.returncode == code, done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr.removeprefix("serin: ").rstrip()


def test_a_model_is_measured_at_each_size_and_the_cheapest_is_written(small_models: Path, tmp_path: Path) -> None:
    file, picture = small_models / "multiply" / "model.yaml", tmp_path / "figures.svg"
    before = file.read_text()
    options = ["--memory", "512,256", "--json", "--write", "--plot", str(picture), "--cold-starts"]
    done = bench("multiply", small_models, *SHORT, *options)
    assert done.returncode == ExitCode.OK, done.stderr
    found = json.loads(done.stdout)
    assert (found["model"], found["requests"], found["starts"]) == ("multiply", 10, 1)
    assert found["limited_by"] in {"control groups", "podman"}
    assert [size["memory_mb"] for size in found["sizes"]] == [256, 512]
    for size in found["sizes"]:
        assert size["fits"] is True
        assert 0 < size["p50_ms"] <= size["p95_ms"] <= size["p99_ms"]
        assert 0 < size["init_ms"] < size["first_ms"]
        assert 10 < size["peak_mb"] < size["memory_mb"]
        gb_seconds = 1_000_000 * size["memory_mb"] / 1024 * size["billed_ms"] / 1000
        assert size["usd_per_million"]["x86_64"] == pytest.approx(0.20 + gb_seconds * 0.0000166667, rel=1e-3)
    chosen = found["recommended_memory_mb"]
    assert load_manifest(file).serving.memory_mb == chosen
    assert file.read_text().replace(f"  memory_mb: {chosen}\n", "") == before
    assert ET.parse(picture).getroot().tag.endswith("svg")  # noqa: S314 - our own
    assert found["cold_starts"]["ways"][0]["way"] == "nothing"


def test_people_get_a_table_and_a_sentence(small_models: Path) -> None:
    done = bench("multiply", small_models, *SHORT, "--memory", "1024")
    assert done.returncode == ExitCode.OK, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("multiply 1.0.0, x86_64; 10 requests and 1 start(s) a size, Python 3.")
    assert lines[3].startswith("1024 MB  0.58 ")
    assert lines[-1] == "Cheapest with p99 within 1000 ms: 1024 MB (as model.yaml has it)."


def hungry() -> SmallModel:
    """Makes ``n`` numbers, and adds them up: 4 bytes of memory each."""
    n, total = tensor("n", Datatype.INT64, 1), tensor("total", Datatype.FP32, 1)
    one = helper.make_tensor("one", TensorProto.FLOAT, [1], [1.0])
    nodes = [
        helper.make_node("ConstantOfShape", ["n"], ["ones"], value=one),
        helper.make_node("ReduceSum", ["ones"], ["total"], keepdims=1),
    ]
    count = 50_000_000
    return SmallModel(
        name="hungry",
        artifact=serialized(graph(nodes, [n], [total])),
        inputs=(n,),
        outputs=(total,),
        golden=(({"n": [count]}, {"total": [float(count)]}),),
        fields={"prediction": {"task": "tensors"}},
    )


@pytest.fixture(scope="module")
def hungry_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    models = tmp_path_factory.mktemp("hungry") / "models"
    hungry().write(models)
    return models


def sizes(done: subprocess.CompletedProcess[str]) -> list[Any]:
    return [{**size} for size in json.loads(done.stdout)["sizes"]]


def test_a_size_that_the_model_does_not_fit_into_is_said_and_not_recommended(hungry_models: Path) -> None:
    done = bench("hungry", hungry_models, *SHORT, "--memory", "192,512", "--json")
    assert done.returncode == ExitCode.OK, done.stderr
    small, large = sizes(done)
    assert small == {"memory_mb": 192, "fits": False, "reason": "killed for want of memory"}
    assert large["fits"] is True
    assert large["peak_mb"] > 192
    assert json.loads(done.stdout)["recommended_memory_mb"] == 512


def test_where_no_size_fits_the_command_says_so_after_its_table(hungry_models: Path) -> None:
    done = bench("hungry", hungry_models, *SHORT, "--memory", "192", "--write")
    assert refused(done) == "the model fits into none of these sizes; try larger ones with --memory"
    assert "killed for want of memory" in done.stdout
    assert "memory_mb" not in (hungry_models / "hungry" / "model.yaml").read_text()


def test_without_a_limit_on_processors_the_figures_are_marked_and_memory_is_still_judged(hungry_models: Path) -> None:
    done = bench("hungry", hungry_models, *SHORT, "--memory", "192,512", "--no-cpu-limit")
    assert done.returncode == ExitCode.OK, done.stderr
    assert "limited by NOTHING" in done.stdout
    assert "NO CPU LIMIT" in done.stdout
    assert "holds " in done.stdout


def test_a_target_that_nothing_meets_is_one_line_with_the_nearest(small_models: Path) -> None:
    file = small_models / "multiply" / "model.yaml"
    file.write_text(file.read_text() + "  latency_target_ms: 0.001\n")
    before = file.read_text()
    done = bench("multiply", small_models, *SHORT, "--memory", "512", "--write")
    said = refused(done)
    assert said.startswith("no size has its p99 within serving.latency_target_ms, 0.001 ms; 512 MB come nearest with ")
    assert file.read_text() == before


def test_a_model_that_cannot_be_served_is_one_line(small_models: Path) -> None:
    artifact = small_models / "multiply" / "model.onnx"
    artifact.write_bytes(artifact.read_bytes() + b"\0")
    said = refused(bench("multiply", small_models, *SHORT, "--memory", "512"))
    assert said.startswith(f"{artifact}: is not the file that model.lock.json names")


def test_an_unknown_model_is_one_line(small_models: Path) -> None:
    assert refused(bench("multply", small_models)).endswith("did you mean 'multiply'?")


@pytest.mark.parametrize("name", ["diabetes", "digits"])
def test_an_endpoint_on_this_machine_is_loaded_and_its_cold_start_seen(name: str, repository: Path) -> None:
    with serving(repository / "models") as served:
        options = ["--url", served.url, "--rate", "50/s", "--count", "40", "--json"]
        done = bench(name, repository / "models", *options)
    assert done.returncode == ExitCode.OK, done.stderr
    found = json.loads(done.stdout)
    assert (found["requests"], found["good"], found["cold_starts"]) == (40, 40, 1)
