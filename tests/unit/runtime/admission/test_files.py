"""Folders that are refused for what lies in them, whatever the model."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from serin.admission import NotAdmitted, admit_unopened, inspect
from tests.small_models.catalogue import FLOWER
from tests.small_models.faults import put, relock, rewrite


@pytest.fixture
def flower(tmp_path: Path) -> Path:
    return FLOWER.write(tmp_path)


def link(name: str, target: str) -> Callable[[Path], None]:
    """Puts a symbolic link in the place of a file."""

    def change(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(target)

    return change


def pipe(folder: Path) -> None:
    (folder / "model.yaml").unlink()
    os.mkfifo(folder / "model.yaml")


def large(name: str, size: int) -> Callable[[Path], None]:
    """A file that says it is large, and takes no room."""

    def change(folder: Path) -> None:
        os.truncate(folder / name, size)

    return change


def write(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).touch()


def renamed(name: str) -> Callable[[Path], None]:
    return lambda folder: rewrite(folder, put("name", name))


def versioned(version: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        rewrite(folder, put("version", version))
        relock(folder, put("version", version))

    return change


def artifact(name: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        rewrite(folder, put("artifact", {"file": name}))
        relock(folder, put("artifact.file", name))

    return change


CASES: dict[str, tuple[Callable[[Path], object], str]] = {
    "another model": (lambda folder: (folder / "model.onnx").write_bytes(b"other"), "model.onnx: folder: is not the"),
    "another golden case": (lambda folder: (folder / "golden.jsonl").write_bytes(b""), "golden.jsonl: folder: is not"),
    "another baseline": (lambda folder: (folder / "baseline.json").write_bytes(b"{}"), "baseline.json: folder: is not"),
    "a digest of another model": (
        lambda folder: relock(folder, put("artifact.sha256", "0" * 64)),
        "model.onnx: folder: is not the file",
    ),
    "a file beside it": (write("weights.bin"), "weights.bin: unlisted: is not listed"),
    "a hidden file beside it": (write(".weights"), ".weights: unlisted: is not listed"),
    "a file whose name steers a terminal": (write("a\x1b[31m\nb"), "a\\x1b[31m\\nb: unlisted: is not listed"),
    "a look-alike of the golden cases": (write("gоlden.jsonl"), "unlisted: is not listed"),
    "a folder in it": (lambda folder: (folder / "variables").mkdir(), "variables: files: is a folder"),
    "a model that is a link": (link("model.onnx", "/etc/passwd"), "model.onnx: files: is a symbolic link"),
    "a manifest that is a link": (link("model.yaml", "../other.yaml"), "model.yaml: files: is a symbolic link"),
    "golden cases that are a link": (link("golden.jsonl", "nowhere"), "golden.jsonl: files: is a symbolic link"),
    "a manifest that is a pipe": (pipe, "model.yaml: files: is no plain file"),
    "a manifest of a terabyte": (large("model.yaml", 2**40), "model.yaml: files: has 1099511627776 bytes"),
    "a model of a terabyte": (large("model.onnx", 2**40), "model.onnx: files: has 1099511627776 bytes"),
    "a name with a way up": (renamed("../flower"), "model.yaml: folder: name"),
    "a name with a look-alike letter": (renamed("flоwer"), "model.yaml: folder: name"),
    "a name with a line break": (renamed("flower\n"), "model.yaml: folder: name"),
    "a name in capitals": (renamed("Flower"), "model.yaml: folder: name"),
    "a name that is another folder's": (renamed("rose"), "model.yaml: folder: name: must be the folder's name"),
    "a version with a way up": (versioned("1.0.0-a/../b"), "model.yaml: folder: version"),
    "a version with a look-alike digit": (versioned("1.0.٠"), "model.yaml: folder: version"),
    "a version with a line break": (versioned("1.0.0\n"), "model.yaml: folder: version"),
    "an artifact above": (artifact("../model.onnx"), "model.yaml: folder: artifact.file"),
    "an artifact elsewhere": (artifact("/etc/model.onnx"), "model.yaml: folder: artifact.file"),
    "an artifact that hides": (artifact(".model.onnx"), "model.yaml: folder: artifact.file"),
    "an artifact with a NUL": (artifact("model.onnx\0.onnx"), "model.yaml: folder: "),
    "no lock": (lambda folder: (folder / "model.lock.json").unlink(), "model.lock.json: folder: is missing"),
    "a lock that is none": (lambda folder: (folder / "model.lock.json").write_text("[]"), "model.lock.json: folder: "),
    "no manifest": (lambda folder: (folder / "model.yaml").unlink(), "model.yaml: folder: is missing"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_folder_with_something_wrong_is_refused_in_one_line(case: str, flower: Path) -> None:
    change, said = CASES[case]
    change(flower)
    findings = inspect(flower)
    assert len(findings) == 1
    line = str(findings[0])
    assert said in line
    assert line.isprintable()
    assert findings[0].remedy


def test_what_people_write_about_a_model_may_lie_beside_it(flower: Path) -> None:
    for name in ("README.md", "CHANGELOG.md", "LICENSE"):
        (flower / name).write_text("text")
    assert inspect(flower) == []


def test_a_folder_that_is_a_link_is_refused(flower: Path) -> None:
    elsewhere = flower.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "flower").symlink_to(flower)
    (finding,) = inspect(elsewhere / "flower")
    assert (finding.rule, finding.problem) == ("files", "the folder is a symbolic link")


def test_no_folder_at_all_is_refused(tmp_path: Path) -> None:
    (finding,) = inspect(tmp_path / "nowhere")
    assert finding.problem == "cannot be read (No such file or directory)"


def test_golden_cases_that_the_lock_does_not_have_are_not_listed(flower: Path) -> None:
    lock = json.loads((flower / "model.lock.json").read_bytes())
    del lock["golden"], lock["baseline"]
    (flower / "model.lock.json").write_text(json.dumps(lock))
    assert [(Path(finding.file).name, finding.rule) for finding in inspect(flower)] == [
        ("baseline.json", "unlisted"),
        ("golden.jsonl", "unlisted"),
    ]


def test_the_refusal_says_the_first_and_how_many_more(flower: Path) -> None:
    for name in "abc":
        (flower / name).touch()
    with pytest.raises(NotAdmitted) as caught:
        admit_unopened(flower)
    assert str(caught.value) == (
        f"{flower}/a: unlisted: is not listed; remove it, or run `serin lock` if it is golden.jsonl or baseline.json "
        "(and 2 more; `serin verify` lists them)"
    )
    assert len(caught.value.findings) == 3
