from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from cli.diff.revision import folder_at
from cli.outcome import CommandError, ExitCode
from tests.small_models.multiply import write_multiply


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=a", "-c", "user.email=a@localhost", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


def commit(folder: Path, message: str = "change") -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-m", message)


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A repository, in which the models' folder is not at the top, with three versions of a model."""
    repository = tmp_path / "repository"
    models = repository / "served" / "models"
    models.mkdir(parents=True)
    git(repository, "init", "-b", "trunk")
    for version, factor in (("1.0.0", 2.0), ("1.1.0", 3.0), ("2.0.0-rc.1", 4.0)):
        write_multiply(models, version=version, factor=factor)
        commit(repository, version)
    return models


def version_of(folder: Path) -> str:
    version: str = json.loads((folder / "model.lock.json").read_bytes())["version"]
    return version


@pytest.mark.parametrize(
    ("revision", "version"),
    [
        ("1.0.0", "1.0.0"),
        ("1.1.0", "1.1.0"),
        ("2.0.0-rc.1", "2.0.0-rc.1"),
        ("HEAD~1", "1.1.0"),
        ("trunk", "2.0.0-rc.1"),
    ],
)
def test_a_revision_is_a_version_of_the_model_or_a_commit(
    revision: str, version: str, models: Path, tmp_path: Path
) -> None:
    folder = folder_at(models, "multiply", revision, tmp_path / "scratch")
    assert folder == tmp_path / "scratch" / "multiply"
    assert version_of(folder) == version


def test_every_file_has_the_bytes_that_were_committed(models: Path, tmp_path: Path) -> None:
    (models / "multiply" / "README.md").write_bytes(b"not committed\r\n")
    committed = folder_at(models, "multiply", "trunk", tmp_path / "scratch")
    names = {file.name for file in committed.iterdir()}
    assert names == {"model.yaml", "model.onnx", "model.lock.json"}
    assert all((committed / name).read_bytes() == (models / "multiply" / name).read_bytes() for name in names)


def test_the_newest_commit_of_a_version_is_taken(models: Path, tmp_path: Path) -> None:
    (models / "multiply" / "README.md").write_text("later")
    commit(models)
    assert (folder_at(models, "multiply", "2.0.0-rc.1", tmp_path / "scratch") / "README.md").read_text() == "later"


def test_a_model_s_version_comes_before_a_tag_of_the_same_name(models: Path, tmp_path: Path) -> None:
    git(models, "tag", "1.0.0")
    assert version_of(folder_at(models, "multiply", "1.0.0", tmp_path / "scratch")) == "1.0.0"
    git(models, "tag", "9.9.9")
    assert version_of(folder_at(models, "multiply", "9.9.9", tmp_path / "other")) == "2.0.0-rc.1"


@pytest.mark.parametrize(
    ("name", "revision", "said"),
    [
        ("multiply", "nope", "multiply@nope: git knows no such revision"),
        (
            "multiply",
            "3.0.0",
            "multiply@3.0.0: git knows no such revision, and no such version of served/models/multiply",
        ),
        ("multiply", "", "multiply@: git knows no such revision"),
        ("multiply", "--all", "multiply@--all: git knows no such revision"),
        ("multiply", "a\0b", "git knows no such revision"),
        ("multiply", "HEAD:served", "git knows no such revision"),
        ("absent", "HEAD", "absent@HEAD: there is no served/models/absent at "),
        ("../models/multiply", "HEAD", "before the @ stands a model's name"),
        ("--help", "HEAD", "before the @ stands a model's name"),
    ],
)
def test_what_git_does_not_have_is_one_line(name: str, revision: str, said: str, models: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandError) as caught:
        folder_at(models, name, revision, tmp_path / "scratch")
    assert caught.value.code == ExitCode.USAGE
    assert said in caught.value.message
    assert not (tmp_path / "scratch").exists()


def test_outside_of_a_repository_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    write_multiply(tmp_path)
    with pytest.raises(CommandError, match="is not in a git repository"):
        folder_at(tmp_path, "multiply", "HEAD", tmp_path / "scratch")


def test_without_git_is_one_line(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CommandError, match="needs git, which is not installed"):
        folder_at(models, "multiply", "HEAD", tmp_path / "scratch")


@pytest.mark.parametrize("kind", ["link", "folder"])
def test_links_and_folders_are_not_brought_out(kind: str, models: Path, tmp_path: Path) -> None:
    odd = models / "multiply" / "odd"
    if kind == "link":
        odd.symlink_to("/etc/passwd")
    else:
        odd.mkdir()
        (odd / "file").touch()
    commit(models)
    with pytest.raises(CommandError, match="is a link or a folder"):
        folder_at(models, "multiply", "HEAD", tmp_path / "scratch")
    assert not (tmp_path / "scratch" / "multiply" / "odd").exists()
