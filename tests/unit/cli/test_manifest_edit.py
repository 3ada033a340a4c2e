from __future__ import annotations

import stat
from pathlib import Path

import pytest

from cli.manifest_edit import KeyPath, with_value, write_values
from serin.errors import ModelFolderError
from serin.model_folder import load_manifest
from tests.sample_models import MODELS, NAMES

MEMORY: KeyPath = ("serving", "memory_mb")
TOLERANCE: KeyPath = ("outputs", 1, "tolerance", "absolute")

CHANGES = {
    "a value with a comment": ("serving:\n  memory_mb: 512 # tried\n", "serving:\n  memory_mb: 256 # tried\n"),
    "between others": (
        "serving:\n    timeout_seconds: 5\n    memory_mb:   512\n    snap_start: true\n",
        "serving:\n    timeout_seconds: 5\n    memory_mb:   256\n    snap_start: true\n",
    ),
    "no such key": (
        "a: 1\nserving: # how\n  # five\n  timeout_seconds: 5\nb: 2\n",
        "a: 1\nserving: # how\n  # five\n  timeout_seconds: 5\n  memory_mb: 256\nb: 2\n",
    ),
    "an empty section": ("serving: # later\na: 1\n", "serving:\n  memory_mb: 256 # later\na: 1\n"),
    "no section": ("a: 1 # one\n", "a: 1 # one\n\nserving:\n  memory_mb: 256\n"),
    "no section and no last line end": ("a: 1", "a: 1\n\nserving:\n  memory_mb: 256\n"),
    "line ends of Windows": ("a: 1\r\nb: 2\r\n", "a: 1\r\nb: 2\r\n\r\nserving:\r\n  memory_mb: 256\r\n"),
    "a section on one line": ("serving: {timeout_seconds: 5}\n", "serving: {memory_mb: 256, timeout_seconds: 5}\n"),
    "an empty section on one line": ("serving: {}\n", "serving: {memory_mb: 256}\n"),
    "a value on one line": ("serving: {memory_mb: 512, a: 5}\n", "serving: {memory_mb: 256, a: 5}\n"),
    "a value in other words": ("serving:\n  memory_mb: 0x200\n", "serving:\n  memory_mb: 256\n"),
    "a quoted key": ('"serving":\n  "memory_mb": 512\n', '"serving":\n  "memory_mb": 256\n'),
    "the same name elsewhere": (
        "text: |\n  serving:\n    memory_mb: 512\nother: {memory_mb: 1}\nserving:\n  memory_mb: 512\n",
        "text: |\n  serving:\n    memory_mb: 512\nother: {memory_mb: 1}\nserving:\n  memory_mb: 256\n",
    ),
    "already so": ("serving:\n  memory_mb: 256\n", "serving:\n  memory_mb: 256\n"),
    "after a value with a comment": (
        "serving:\n  snap_start: true # fast\n\n# next\nb: 2\n",
        "serving:\n  snap_start: true # fast\n  memory_mb: 256\n\n# next\nb: 2\n",
    ),
    "after a nested value": (
        "serving:\n  answer_cache:\n    size: 9\nb: 2\n",
        "serving:\n  answer_cache:\n    size: 9\n  memory_mb: 256\nb: 2\n",
    ),
    "after a text in a block": (
        "serving:\n  note: >-\n    long\n    text\n\nb: 2\n",
        "serving:\n  memory_mb: 256\n  note: >-\n    long\n    text\n\nb: 2\n",
    ),
    "the whole on one line": ("{a: 1}\n", "{serving: {memory_mb: 256}, a: 1}\n"),
    "beyond ASCII": ("a: größer ☃ 😀\nserving:\n  memory_mb: 512\n", "a: größer ☃ 😀\nserving:\n  memory_mb: 256\n"),
}


@pytest.mark.parametrize("case", CHANGES)
def test_the_value_changes_and_every_other_byte_stays(case: str) -> None:
    before, after = CHANGES[case]
    assert with_value(before, MEMORY, 256) == after


LISTS = {
    "a key of a list's item": (
        "outputs:\n  - name: a\n  - name: b # second\n    shape: [-1]\n\nc: 1\n",
        "outputs:\n  - name: a\n  - name: b # second\n    shape: [-1]\n    tolerance:\n      absolute: 0.02\n\nc: 1\n",
    ),
    "a value that is there": (
        "outputs:\n- {}\n- tolerance: {relative: 0.0, absolute: 1.0e-05} # tight\n",
        "outputs:\n- {}\n- tolerance: {relative: 0.0, absolute: 0.02} # tight\n",
    ),
    "items on one line": (
        "outputs: [{name: a}, {name: b}]\n",
        "outputs: [{name: a}, {tolerance: {absolute: 0.02}, name: b}]\n",
    ),
}


@pytest.mark.parametrize("case", LISTS)
def test_a_value_in_a_list_changes_in_the_same_way(case: str) -> None:
    before, after = LISTS[case]
    assert with_value(before, TOLERANCE, 0.02) == after


def test_small_numbers_and_texts_are_read_back_as_such() -> None:
    assert with_value("a: 1\n", ("a",), 2e-5) == "a: 2.0e-05\n"
    assert with_value("a: 1\n", ("a",), "1.10") == "a: '1.10'\n"
    assert with_value('a: "1.0.0" # now\n', ("a",), "1.1.0") == "a: 1.1.0 # now\n"


@pytest.mark.parametrize(
    "text",
    [
        "base: &b {memory_mb: 512}\nserving: *b\n",
        "memory: &m 512\nserving:\n  memory_mb: *m\n",
        "serving: ~\n",
        "a: 1\n...\n",
    ],
)
def test_what_one_line_cannot_change_is_left_alone(text: str) -> None:
    assert with_value(text, MEMORY, 256) is None


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("memory_mb", [128, 512, 10240])
def test_of_a_sample_model_one_line_at_most_is_another(name: str, memory_mb: int) -> None:
    before = (MODELS / name / "model.yaml").read_text()
    after = with_value(before, MEMORY, memory_mb)
    assert after is not None
    lines = [line for line in after.splitlines() if line not in before.splitlines()]
    assert lines in ([], [f"  memory_mb: {memory_mb}"], ["serving:", f"  memory_mb: {memory_mb}"])


def test_the_manifest_says_so_afterwards_and_keeps_its_permissions(small_models: Path) -> None:
    file = small_models / "multiply" / "model.yaml"
    file.chmod(0o640)
    assert write_values(file, {MEMORY: 1769}) is True
    assert load_manifest(file).serving.memory_mb == 1769
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert write_values(file, {MEMORY: 1769}) is False
    assert sorted(path.name for path in file.parent.iterdir() if path.name.startswith(".")) == []


def test_a_link_stays_a_link(small_models: Path, tmp_path: Path) -> None:
    file = small_models / "multiply" / "model.yaml"
    elsewhere = tmp_path / "shared.yaml"
    file.rename(elsewhere)
    file.symlink_to(elsewhere)
    write_values(file, {MEMORY: 640})
    assert file.is_symlink()
    assert load_manifest(elsewhere).serving.memory_mb == 640


def test_a_folder_that_cannot_be_written_leaves_the_manifest_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "model.yaml"
    file.write_text("a: 1\n")
    (tmp_path / ".model.yaml.new").mkdir()  # stands in the way
    with pytest.raises(ModelFolderError, match="cannot be written"):
        write_values(file, {MEMORY: 256})
    assert file.read_text() == "a: 1\n"


def test_a_value_that_stands_elsewhere_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "model.yaml"
    file.write_text("memory: &m 512\nserving:\n  memory_mb: *m\n")
    with pytest.raises(ModelFolderError, match=r"serving\.memory_mb: .* set it to 256 by hand"):
        write_values(file, {MEMORY: 256})
