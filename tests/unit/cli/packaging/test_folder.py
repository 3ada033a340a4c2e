from __future__ import annotations

from pathlib import Path

import pytest

from cli.packaging.folder import replace_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "models" / "m"
    made.mkdir(parents=True)
    (made / "model.yaml").write_text("before")
    return made


@pytest.fixture
def staged(folder: Path) -> Path:
    made = folder.parent / ".staged" / "m"
    made.mkdir(parents=True)
    (made / "model.yaml").write_text("after")
    return made


def test_the_new_folder_takes_the_place_of_the_old_one(folder: Path, staged: Path) -> None:
    replace_folder(staged, folder)
    assert (folder / "model.yaml").read_text() == "after"
    assert list(staged.parent.iterdir()) == []


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_what_comes_between_leaves_the_old_folder(
    error: type[BaseException], folder: Path, staged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def fail(path: Path, target: Path) -> Path:
        if path == staged:
            raise error
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(error):
        replace_folder(staged, folder)
    assert (folder / "model.yaml").read_text() == "before"
    assert staged.exists()
