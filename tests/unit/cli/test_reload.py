from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cli.models import load_models
from cli.reload import Reloader, fingerprints
from serin.service import Service
from tests.small_models.multiply import write_multiply


@dataclass
class Watched:
    """A reloader and what it did."""

    reloader: Reloader
    published: list[Service] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def settle(self) -> None:
        """Two looks: one that sees a change, one that sees it standing."""
        self.reloader.look()
        self.reloader.look()

    def versions(self) -> dict[str, str]:
        return {name: model.version for name, model in self.published[-1].models.items()}


@pytest.fixture
def watched(small_models: Path) -> Watched:
    write_multiply(small_models, "add")
    judged = fingerprints(small_models)
    published: list[Service] = []
    said: list[str] = []
    loaded = load_models(list(judged))
    reloader = Reloader(small_models, loaded, judged, publish=published.append, report=said.append)
    return Watched(reloader, published, said)


def test_nothing_happens_while_nothing_changes(watched: Watched) -> None:
    watched.settle()
    assert (watched.published, watched.said) == ([], [])


def test_a_changed_model_takes_the_place_of_the_old_one(watched: Watched, small_models: Path) -> None:
    write_multiply(small_models, version="1.1.0", factor=3)
    watched.settle()
    assert watched.said == ["multiply 1.1.0 is served now"]
    assert watched.versions() == {"add": "1.0.0", "multiply": "1.1.0"}


def test_a_change_that_is_still_under_way_waits(watched: Watched, small_models: Path) -> None:
    write_multiply(small_models, version="1.1.0")
    watched.reloader.look()
    write_multiply(small_models, version="1.2.0", factor=5)
    watched.reloader.look()
    assert watched.published == []
    watched.reloader.look()
    assert watched.versions()["multiply"] == "1.2.0"


def test_a_bad_change_is_one_line_and_the_old_model_stays(watched: Watched, small_models: Path) -> None:
    manifest = small_models / "multiply" / "model.yaml"
    manifest.write_text(manifest.read_text().replace("version: 1.0.0", "version: one"))
    watched.settle()
    watched.settle()
    assert watched.published == []
    [line] = watched.said
    assert line.startswith(f"{manifest}: version: ")
    assert line.endswith("; version 1.0.0 keeps serving")


def test_a_good_change_is_taken_beside_a_bad_one(watched: Watched, small_models: Path) -> None:
    (small_models / "add" / "model.onnx").write_bytes(b"no model")
    write_multiply(small_models, version="1.1.0")
    watched.settle()
    assert watched.versions() == {"add": "1.0.0", "multiply": "1.1.0"}
    assert len(watched.said) == 2


def test_models_come_and_go(watched: Watched, small_models: Path) -> None:
    write_multiply(small_models, "new")
    shutil.rmtree(small_models / "add")
    watched.settle()
    assert watched.versions() == {"multiply": "1.0.0", "new": "1.0.0"}
    assert watched.said == ["new 1.0.0 is served now", "add is no longer served; its folder is gone"]


def test_a_new_folder_that_is_broken_is_not_served(watched: Watched, small_models: Path) -> None:
    (small_models / "new").mkdir()
    (small_models / "new" / "model.yaml").write_text("name: new\n")
    watched.settle()
    assert watched.published == []
    assert [line.endswith("; it is not served") for line in watched.said] == [True]


@pytest.mark.parametrize("how", ["empty", "gone"])
def test_when_every_model_is_gone_those_that_were_loaded_stay(watched: Watched, small_models: Path, how: str) -> None:
    shutil.rmtree(small_models)
    if how == "empty":
        small_models.mkdir()
    watched.settle()
    assert watched.published == []
    assert watched.said == [f"{small_models} holds no model any more; what was loaded keeps serving"]
    write_multiply(small_models, version="2.0.0")
    watched.settle()
    assert watched.versions() == {"multiply": "2.0.0"}


def test_it_looks_by_itself_once_started(watched: Watched, small_models: Path) -> None:
    watched.reloader.start()
    write_multiply(small_models, version="1.1.0")
    limit = time.monotonic() + 10
    while not watched.said and time.monotonic() < limit:
        time.sleep(0.05)
    assert watched.said == ["multiply 1.1.0 is served now"]
