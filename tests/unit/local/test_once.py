"""Folders of the cache."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local.once import built_once


def test_many_who_ask_at_once_get_one_whole_folder(tmp_path: Path) -> None:
    builds: list[Path] = []

    def build(place: Path) -> None:
        builds.append(place)
        place.mkdir()
        time.sleep(0.05)
        (place / "content").write_text("whole")

    with ThreadPoolExecutor(4) as pool:
        folders = list(pool.map(lambda _: built_once(tmp_path / "made", build), range(4)))
    assert {(folder / "content").read_text() for folder in folders} == {"whole"}
    assert len(builds) == 1


def test_a_failed_build_leaves_no_folder_and_may_be_tried_again(tmp_path: Path) -> None:
    def fail(place: Path) -> None:
        place.mkdir()
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        built_once(tmp_path / "made", fail)
    assert not (tmp_path / "made").exists()
    assert built_once(tmp_path / "made", Path.mkdir).is_dir()
