from __future__ import annotations

import stat
from pathlib import Path

import pytest

from cli.bench.memory_line import with_memory, write_memory
from serin.errors import ModelFolderError
from serin.model_folder import load_manifest
from tests.sample_models import MODELS, NAMES

CHANGES = {
    "a value with a comment": ("serving:\n  memory_mb: 512 # tried\n", "serving:\n  memory_mb: 256 # tried\n"),
    "between others": (
        "serving:\n    timeout_seconds: 5\n    memory_mb:   512\n    snap_start: true\n",
        "serving:\n    timeout_seconds: 5\n    memory_mb:   256\n    snap_start: true\n",
    ),
    "no such key": (
        "a: 1\nserving: # how\n  # five\n  timeout_seconds: 5\nb: 2\n",
        "a: 1\nserving: # how\n  # five\n  memory_mb: 256\n  timeout_seconds: 5\nb: 2\n",
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
    "beyond ASCII": ("a: größer ☃ 😀\nserving:\n  memory_mb: 512\n", "a: größer ☃ 😀\nserving:\n  memory_mb: 256\n"),
}


@pytest.mark.parametrize("case", CHANGES)
def test_the_value_changes_and_every_other_byte_stays(case: str) -> None:
    before, after = CHANGES[case]
    assert with_memory(before, 256) == after


@pytest.mark.parametrize(
    "text",
    [
        "base: &b {memory_mb: 512}\nserving: *b\n",
        "memory: &m 512\nserving:\n  memory_mb: *m\n",
        "serving: ~\n",
        "a: 1\n...\n",
        "{a: 1}\n",
    ],
)
def test_what_one_line_cannot_change_is_left_alone(text: str) -> None:
    assert with_memory(text, 256) is None


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("memory_mb", [128, 512, 10240])
def test_of_a_sample_model_one_line_at_most_is_another(name: str, memory_mb: int) -> None:
    before = (MODELS / name / "model.yaml").read_text()
    after = with_memory(before, memory_mb)
    assert after is not None
    lines = [line for line in after.splitlines() if line not in before.splitlines()]
    assert lines in ([], [f"  memory_mb: {memory_mb}"], ["serving:", f"  memory_mb: {memory_mb}"])


def test_the_manifest_says_so_afterwards_and_keeps_its_permissions(small_models: Path) -> None:
    file = small_models / "multiply" / "model.yaml"
    file.chmod(0o640)
    assert write_memory(file, 1769) is True
    assert load_manifest(file).serving.memory_mb == 1769
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert write_memory(file, 1769) is False
    assert sorted(path.name for path in file.parent.iterdir() if path.name.startswith(".")) == []


def test_a_link_stays_a_link(small_models: Path, tmp_path: Path) -> None:
    file = small_models / "multiply" / "model.yaml"
    elsewhere = tmp_path / "shared.yaml"
    file.rename(elsewhere)
    file.symlink_to(elsewhere)
    write_memory(file, 640)
    assert file.is_symlink()
    assert load_manifest(elsewhere).serving.memory_mb == 640


def test_a_folder_that_cannot_be_written_leaves_the_manifest_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "model.yaml"
    file.write_text("a: 1\n")
    (tmp_path / ".model.yaml.new").mkdir()  # stands in the way
    with pytest.raises(ModelFolderError, match="cannot be written"):
        write_memory(file, 256)
    assert file.read_text() == "a: 1\n"


def test_a_value_that_stands_elsewhere_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "model.yaml"
    file.write_text("memory: &m 512\nserving:\n  memory_mb: *m\n")
    with pytest.raises(ModelFolderError, match=r"serving\.memory_mb: .* set it to 256 by hand"):
        write_memory(file, 256)
