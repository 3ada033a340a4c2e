from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cli.packaging.folder import refuse_loss, replace_folder, staged_folder
from cli.packaging.source import SourceRefused

OWN = {"model.onnx", "golden.jsonl", "baseline.json"}


def put(folder: Path, fault: type[BaseException] | None = None) -> None:
    """Replace ``folder``, unless there is a fault before."""
    with staged_folder(folder) as staged:
        (staged / "new").write_text("new")
        if fault is not None:
            raise fault
        replace_folder(staged, folder)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_new_folder_is_there_whole(tmp_path: Path) -> None:
    folder = tmp_path / "models" / "iris"
    with staged_folder(folder) as staged:
        (staged / "model.yaml").write_text("new")
        assert not folder.exists()
        replace_folder(staged, folder)
    assert (folder / "model.yaml").read_text() == "new"
    assert names(folder.parent) == ["iris"]


def test_an_old_folder_is_replaced_and_nothing_of_it_is_left(tmp_path: Path) -> None:
    folder = tmp_path / "iris"
    folder.mkdir()
    (folder / "old").write_text("old")
    with staged_folder(folder) as staged:
        (staged / "new").write_text("new")
        replace_folder(staged, folder)
    assert names(folder) == ["new"]
    assert names(tmp_path) == ["iris"]


@pytest.mark.parametrize("fault", [ValueError, KeyboardInterrupt, OSError])
def test_a_fault_leaves_the_old_folder_and_nothing_beside_it(tmp_path: Path, fault: type[BaseException]) -> None:
    folder = tmp_path / "iris"
    folder.mkdir()
    (folder / "old").write_text("old")
    with pytest.raises((fault, SourceRefused)):
        put(folder, fault)
    assert (folder / "old").read_text() == "old"
    assert names(tmp_path) == ["iris"]


@pytest.mark.parametrize("fault", [OSError, KeyboardInterrupt])
def test_a_fault_between_both_renames_puts_the_old_folder_back(
    tmp_path: Path, fault: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "iris"
    folder.mkdir()
    (folder / "old").write_text("old")
    rename = Path.rename

    def faulty(self: Path, target: Path) -> Path:
        if target == folder and self.name == "iris":
            raise fault
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", faulty)
    with pytest.raises((fault, SourceRefused)):
        put(folder)
    assert names(folder) == ["old"]
    assert names(tmp_path) == ["iris"]


def test_no_empty_models_folder_is_left_behind_a_fault(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        put(tmp_path / "models" / "iris", KeyboardInterrupt)
    assert names(tmp_path) == []


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file")
    with (
        pytest.raises(SourceRefused, match=r"models/iris: cannot be written \("),
        staged_folder(tmp_path / "models" / "iris"),
    ):
        pass


def keep(folder: Path) -> None:
    folder.mkdir()
    for name in (*OWN, "model.yaml", "model.lock.json", "README.md", "LICENSE"):
        (folder / name).touch()


def with_file(folder: Path) -> None:
    keep(folder)
    (folder / "train.py").touch()


def with_folder(folder: Path) -> None:
    keep(folder)
    (folder / "model.onnx").unlink()
    (folder / "model.onnx").mkdir()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (with_file, r"iris/train\.py: would be lost"),
        (with_folder, r"iris/model\.onnx: would be lost"),
        (Path.touch, "iris: is no folder"),
        (lambda folder: folder.symlink_to(folder.parent), "iris: is no folder"),
    ],
)
def test_what_would_be_lost_is_refused(tmp_path: Path, make: Callable[[Path], object], said: str) -> None:
    make(tmp_path / "iris")
    with pytest.raises(SourceRefused, match=said):
        refuse_loss(tmp_path / "iris", OWN)


def test_a_models_own_files_may_be_replaced(tmp_path: Path) -> None:
    refuse_loss(tmp_path / "iris", OWN)
    keep(tmp_path / "iris")
    refuse_loss(tmp_path / "iris", OWN)
