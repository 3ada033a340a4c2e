from __future__ import annotations

import errno
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.lock import lock_apart, write_lock
from serin.admission.apart import Ending
from serin.engine import RUNTIME_VERSION, EngineOptions
from serin.errors import ModelFolderError
from serin.model_folder import BASELINE_FILE, GOLDEN_FILE, LOCK_FILE, MANIFEST_FILE, load_model_folder
from serin.protocol import Datatype
from serin.service import load_model
from tests.small_models.catalogue import FLOWER, IDENTITIES, PAIR, SHOP
from tests.small_models.folder import SmallModel


@pytest.fixture
def flower(tmp_path: Path) -> Path:
    return FLOWER.write(tmp_path)


def edit_manifest(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    file = folder / MANIFEST_FILE
    document = yaml.safe_load(file.read_text())
    change(document)
    file.write_text(yaml.safe_dump(document, sort_keys=False))


def edit_golden(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    file = folder / GOLDEN_FILE
    case = json.loads(file.read_text())
    change(case)
    file.write_text(json.dumps(case) + "\n")


def refusal(folder: Path) -> ModelFolderError:
    """The error of a refused lock, which has left every file as it was."""
    before = {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}
    with pytest.raises(ModelFolderError) as raised:
        write_lock(folder)
    assert {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()} == before
    assert "\n" not in str(raised.value)
    return raised.value


# --- What a lock says -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [*IDENTITIES, PAIR, FLOWER, SHOP], ids=lambda model: model.name)
def test_a_model_that_was_just_locked_can_be_served(model: SmallModel, tmp_path: Path) -> None:
    folder = model.write(tmp_path)
    (folder / LOCK_FILE).unlink()
    lock = write_lock(folder)
    assert load_model_folder(folder).lock == lock
    assert load_model(folder, EngineOptions()).metadata().inputs == model.inputs


def test_the_lock_tells_the_signature_the_cases_and_the_runtime(flower: Path) -> None:
    lock = write_lock(flower)
    assert (lock.name, lock.version) == ("flower", "1.0.0")
    assert (lock.signature.inputs, lock.signature.outputs) == (FLOWER.inputs, FLOWER.outputs)
    assert lock.artifact.bytes == len(FLOWER.artifact)
    assert lock.golden is not None
    assert lock.golden.cases == 1
    assert lock.baseline is not None
    assert lock.tools == {"onnxruntime": RUNTIME_VERSION}


def test_golden_cases_and_baseline_may_be_absent(flower: Path) -> None:
    (flower / GOLDEN_FILE).unlink()
    (flower / BASELINE_FILE).unlink()
    lock = write_lock(flower)
    assert lock.golden is None
    assert lock.baseline is None
    load_model(flower, EngineOptions())


def test_locking_again_gives_the_same_bytes(flower: Path) -> None:
    write_lock(flower)
    first = (flower / LOCK_FILE).read_bytes()
    write_lock(flower)
    assert (flower / LOCK_FILE).read_bytes() == first
    assert first.endswith(b"}\n")
    assert json.dumps(json.loads(first), indent=2, sort_keys=True) + "\n" == first.decode()
    assert not [file.name for file in flower.iterdir() if file.name.startswith(".")]


def test_a_new_version_in_the_manifest_is_locked(flower: Path) -> None:
    edit_manifest(flower, lambda document: document.update(version="1.1.0"))
    assert write_lock(flower).version == "1.1.0"
    assert load_model(flower, EngineOptions()).version == "1.1.0"


@pytest.mark.parametrize(("off_by", "told"), [(0.0, 1e-6), (3e-6, 1e-5), (4e-5, 1e-4)])
def test_the_difference_from_the_golden_cases_is_told_as_a_power_of_ten_above_it(
    flower: Path, off_by: float, told: float
) -> None:
    edit_manifest(flower, lambda document: document["outputs"][0].update(tolerance={"absolute": 1e-3}))
    edit_golden(flower, lambda case: case["prediction"].update(probability=case["prediction"]["probability"] + off_by))
    lock = write_lock(flower)
    assert lock.golden is not None
    assert lock.golden.max_absolute_difference == told


# --- Versions of the tools ------------------------------------------------------------------------------------


def test_versions_of_the_converters_stay_while_the_artifact_is_the_same(flower: Path) -> None:
    write_lock(flower, {"skl2onnx": "1.20.0"})
    assert write_lock(flower).tools == {"onnxruntime": RUNTIME_VERSION, "skl2onnx": "1.20.0"}
    assert write_lock(flower, {}).tools == {"onnxruntime": RUNTIME_VERSION}


def test_versions_of_the_converters_go_with_their_artifact(flower: Path) -> None:
    write_lock(flower, {"skl2onnx": "1.20.0"})
    artifact = flower / "model.onnx"
    artifact.write_bytes(artifact.read_bytes().replace(b"graph", b"leaph"))
    assert write_lock(flower).tools == {"onnxruntime": RUNTIME_VERSION}


def test_a_lock_that_cannot_be_read_is_replaced(flower: Path) -> None:
    (flower / LOCK_FILE).write_text("{")
    write_lock(flower)
    load_model(flower, EngineOptions())


# --- Refusals: the golden cases -------------------------------------------------------------------------------


def test_a_case_outside_its_tolerance_is_refused_by_its_line(flower: Path) -> None:
    line = (flower / GOLDEN_FILE).read_text()
    case = json.loads(line)
    case["prediction"]["probabilities"]["rose"] -= 0.01
    (flower / GOLDEN_FILE).write_text(line + json.dumps(case) + "\n")
    error = refusal(flower)
    assert (error.file, error.field) == (str(flower / GOLDEN_FILE), "line 2")
    assert error.problem.startswith("prediction.probabilities.rose: ")


def test_a_case_with_another_label_is_refused(flower: Path) -> None:
    edit_golden(flower, lambda case: case["prediction"].update(label="tulip"))
    assert refusal(flower).problem.startswith("prediction.label: 'rose' is not 'tulip'")


def test_a_case_with_another_set_of_labels_is_refused(flower: Path) -> None:
    edit_golden(flower, lambda case: case["prediction"]["probabilities"].pop("tulip"))
    assert refusal(flower).field == "line 1"


def test_a_case_that_the_model_does_not_take_is_refused(flower: Path) -> None:
    edit_golden(flower, lambda case: case["instance"].update({"petal length": 11.0}))
    assert refusal(flower).problem == (
        "the model does not answer: row 0, feature `petal length`: must be between 0 and 10"
    )


@pytest.mark.parametrize(("text", "field"), [("{}\n", "line 1"), ("\n", "line 1"), ("", None)])
def test_golden_cases_that_are_none_are_refused(flower: Path, text: str, field: str | None) -> None:
    (flower / GOLDEN_FILE).write_text(text)
    assert refusal(flower).field == field


def test_every_output_has_its_own_tolerance(tmp_path: Path) -> None:
    folder = PAIR.write(tmp_path)
    edit_manifest(folder, lambda document: document["outputs"][0].update(tolerance={"absolute": 0.5}))
    edit_golden(folder, lambda case: case["prediction"].update(sum=[1.25, 6.25]))
    write_lock(folder)
    edit_golden(folder, lambda case: case["prediction"].update(difference=[0.25, -2.25]))
    assert refusal(folder).problem.startswith("prediction.difference[0]: ")


def test_a_case_with_another_set_of_outputs_is_refused(tmp_path: Path) -> None:
    folder = PAIR.write(tmp_path)
    edit_golden(folder, lambda case: case["prediction"].pop("difference"))
    assert refusal(folder).field == "line 1"


def test_a_missing_value_goes_the_way_that_a_request_goes(tmp_path: Path) -> None:
    folder = SHOP.write(tmp_path)
    edit_manifest(folder, lambda document: document["features"][3].update(missing="reject"))
    assert refusal(folder).field == "line 2"


# --- Refusals: the other files --------------------------------------------------------------------------------


def test_an_artifact_that_is_no_model_is_refused(flower: Path) -> None:
    (flower / "model.onnx").write_bytes(b"not a model")
    assert refusal(flower).file == str(flower / "model.onnx")


def test_a_missing_artifact_is_refused(flower: Path) -> None:
    (flower / "model.onnx").unlink()
    assert str(refusal(flower)).startswith(f"{flower / 'model.onnx'}: cannot be read")


def test_an_artifact_behind_a_link_is_refused(flower: Path, tmp_path: Path) -> None:
    (flower / "model.onnx").rename(tmp_path / "elsewhere.onnx")
    (flower / "model.onnx").symlink_to(tmp_path / "elsewhere.onnx")
    assert "symbolic link" in refusal(flower).problem


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda tensors: tensors[0].update(name="Y"), "inputs"),
        (lambda tensors: tensors[0].update(datatype="FP64"), "inputs[0].datatype"),
        (lambda tensors: tensors[0].update(shape=[-1, 3]), "inputs[0].shape"),
        (lambda tensors: tensors.append(dict(tensors[0], name="Y")), "inputs"),
    ],
)
def test_a_signature_that_the_artifact_has_not_is_refused(
    tmp_path: Path, change: Callable[[list[dict[str, Any]]], object], field: str
) -> None:
    model = next(model for model in IDENTITIES if model.inputs[0].datatype is Datatype.FP32)
    folder = model.write(tmp_path)
    edit_manifest(folder, lambda document: change(document["inputs"]))
    error = refusal(folder)
    assert (error.file, error.field) == (str(folder / MANIFEST_FILE), field)
    assert "but model.onnx has" in error.problem


def test_a_folder_of_another_name_is_refused(flower: Path) -> None:
    assert refusal(flower.rename(flower.parent / "blossom")).field == "name"


def test_a_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    assert str(refusal(tmp_path)) == f"{tmp_path / MANIFEST_FILE}: is missing"


def test_a_baseline_that_is_none_is_refused(flower: Path) -> None:
    (flower / BASELINE_FILE).write_text('{"schema": "serin/baseline/v0"}')
    assert refusal(flower).file == str(flower / BASELINE_FILE)


def test_a_baseline_of_another_feature_is_refused(flower: Path) -> None:
    file = flower / BASELINE_FILE
    file.write_text(file.read_text().replace("petal length", "petal width"))
    assert refusal(flower).field == "features.petal width"


def test_a_lock_that_cannot_be_written_is_one_clear_line(flower: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    error = refusal(flower)
    assert error.file == str(flower / LOCK_FILE)
    assert error.problem.startswith("cannot be written")


# --- In a process of its own ----------------------------------------------------------------------------------


def test_a_lock_computed_apart_is_the_same_lock(flower: Path) -> None:
    write_lock(flower)
    here = (flower / LOCK_FILE).read_bytes()
    assert lock_apart(flower, seconds=60) == load_model_folder(flower).lock
    assert (flower / LOCK_FILE).read_bytes() == here


def test_an_error_apart_is_the_same_error(flower: Path) -> None:
    edit_golden(flower, lambda case: case["prediction"].update(label="tulip"))
    here = refusal(flower)
    with pytest.raises(ModelFolderError) as caught:
        lock_apart(flower, seconds=60)
    assert str(caught.value) == str(here)


@pytest.mark.parametrize(
    ("ending", "said"),
    [
        (Ending(b"", -11, is_late=False), "ended the process with SIGSEGV"),
        (Ending(b"Traceback", 1, is_late=False), "ended the process with exit code 1"),
        (Ending(b"", -9, is_late=True), "is not opened, and its golden cases not answered, in 10 s"),
    ],
)
def test_a_death_apart_is_one_line_and_the_lock_stays(
    ending: Ending, said: str, flower: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (flower / LOCK_FILE).read_bytes()
    monkeypatch.setattr("cli.lock.run_apart", lambda *_, **__: ending)
    with pytest.raises(ModelFolderError) as caught:
        lock_apart(flower)
    assert caught.value.file == str(flower / "model.onnx")
    assert said in caught.value.problem
    assert (flower / LOCK_FILE).read_bytes() == before


def test_a_changed_signature_needs_a_new_major_version(flower: Path) -> None:
    old = json.loads((flower / LOCK_FILE).read_bytes())
    old["signature"]["inputs"][0]["shape"] = [-1, 3]
    (flower / LOCK_FILE).write_text(json.dumps(old))
    assert refusal(flower).field == "signature"
    edit_manifest(flower, lambda document: document.update(version="2.0.0"))
    assert write_lock(flower).version == "2.0.0"
