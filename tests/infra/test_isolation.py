"""What a change touches: one model's folder, one stack, and the catalogue that shows it; never the API."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.infra.stages import DEV
from tests.infra.synthesis import Synthesis, copy_project, synthesise, write_model


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = copy_project(tmp_path_factory.mktemp("isolation"))
    write_model(root, "one")
    write_model(root, "two")
    return root


@pytest.fixture(scope="module")
def before(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Synthesis:
    return synthesise(DEV, root, tmp_path_factory.mktemp("before"))


@pytest.fixture(scope="module")
def after(root: Path, before: Synthesis, tmp_path_factory: pytest.TempPathFactory) -> Synthesis:
    """Model ``one`` in a new version, with another artefact."""
    write_model(root, "one", version="1.1.0", factor=3)
    return synthesise(DEV, root, tmp_path_factory.mktemp("after"))


def test_a_new_version_of_a_model_changes_its_own_stack_and_the_catalogue_alone(
    before: Synthesis, after: Synthesis
) -> None:
    assert before.keys() == after.keys()
    assert {name for name in before if before[name].body != after[name].body} == {"Model-one", "Catalog"}


def test_the_image_of_another_model_keeps_its_digest(before: Synthesis, after: Synthesis) -> None:
    assert before["Model-two"].images.keys() == after["Model-two"].images.keys()
    assert before["Model-one"].images.keys() != after["Model-one"].images.keys()


def test_a_new_version_publishes_a_function_version_and_leaves_the_alias_as_it_was(
    before: Synthesis, after: Synthesis
) -> None:
    def published(stacks: Synthesis) -> set[str]:
        return set(stacks["Model-one"].of_type("AWS::Lambda::Version"))

    def alias(stacks: Synthesis) -> dict[str, object]:
        return {name: found["Properties"] for name, found in stacks["Model-one"].of_type("AWS::Lambda::Alias").items()}

    assert not published(before) & published(after)
    assert alias(before) == alias(after)


def test_synthesising_twice_gives_the_same_templates(root: Path, after: Synthesis, tmp_path: Path) -> None:
    again = synthesise(DEV, root, tmp_path)
    assert {name: stack.body for name, stack in again.items()} == {name: stack.body for name, stack in after.items()}


@pytest.mark.parametrize(
    "file", ["models/one/README.md", "models/one/CHANGELOG.md", "cli/x.py", ".venv/x.py", "docs/x"]
)
def test_a_file_that_no_image_carries_changes_no_stack(root: Path, after: Synthesis, tmp_path: Path, file: str) -> None:
    added = root / file
    added.parent.mkdir(parents=True, exist_ok=True)
    added.write_text("new")
    try:
        again = synthesise(DEV, root, tmp_path)
    finally:
        added.unlink()
    assert [name for name in after if after[name].body != again[name].body] == []


@pytest.mark.parametrize(
    ("file", "changed"),
    [
        ("functions/catalog/handler.py", {"Catalog"}),
        ("functions/inference/handler.py", {"Model-one", "Model-two"}),
        ("functions/release/handler.py", {"Model-one", "Model-two"}),
        ("layers/runtime/python/serin/rest.py", {"Model-one", "Model-two", "Catalog"}),
    ],
)
def test_a_change_of_code_reaches_the_functions_that_carry_it(
    root: Path, after: Synthesis, tmp_path: Path, file: str, changed: set[str]
) -> None:
    source = root / file
    text = source.read_text()
    source.write_text(text + "\n# changed\n")
    try:
        again = synthesise(DEV, root, tmp_path)
    finally:
        source.write_text(text)
    assert {name for name in after if after[name].body != again[name].body} == changed


def test_a_change_of_the_release_function_publishes_no_version(root: Path, after: Synthesis, tmp_path: Path) -> None:
    source = root / "functions" / "release" / "commands.py"
    text = source.read_text()
    source.write_text(text + "\n# changed\n")
    try:
        again = synthesise(DEV, root, tmp_path)
    finally:
        source.write_text(text)
    kind = "AWS::Lambda::Version"
    assert again["Model-one"].of_type(kind).keys() == after["Model-one"].of_type(kind).keys()


def test_an_image_sees_its_own_model_its_own_function_and_the_runtime(after: Synthesis) -> None:
    (image,) = after["Model-one"].images.values()
    tops = {"/".join(file.split("/")[:2]) for file in image.files() if "/" in file}
    assert tops == {"functions/entrypoint.sh", "functions/inference", "layers/runtime", "models/one"}
    assert {"model.onnx", "model.yaml", "model.lock.json"} <= {Path(file).name for file in image.files()}


def test_the_catalogues_image_sees_what_models_declare_and_no_artefact(after: Synthesis) -> None:
    (image,) = after["Catalog"].images.values()
    carried = {file for file in image.files() if file.startswith("models/")}
    assert carried == {f"models/{name}/{file}" for name in ("one", "two") for file in ("model.yaml", "model.lock.json")}
