from __future__ import annotations

import hashlib
import subprocess
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

from cli.packaging.origin import commit_beside, digest_of, lineage_of, origin_of, versions_of
from cli.packaging.rows import DataFile, Rows
from serin.lock import Parity
from tests.unit.cli.packaging.sources import Arithmetic

DATA = DataFile(name="data.csv", sha256="a" * 64, rows=Rows(tensors={"x": np.zeros(7)}))
HOLDOUT = DataFile(name="test.csv", sha256="b" * 64, rows=Rows(tensors={"x": np.zeros(3)}))
PARITY = Parity(rows=7, edge_rows=0, outputs={}, label_agreement=None, rank_agreement=None)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "model.joblib").write_bytes(b"weights")
    return tmp_path / "model.joblib"


def test_the_lock_names_files_digests_and_versions(file: Path) -> None:
    origin = origin_of(Arithmetic(tools=("scikit-learn", "no-such-thing")), file, DATA, HOLDOUT, PARITY)
    assert origin.tools == {name: version(name) for name in ("scikit-learn", "numpy", "onnx", "pandas")}
    assert origin.parity == PARITY
    known = origin.provenance
    assert known is not None
    assert (known.source.file, known.source.bytes, known.framework) == ("model.joblib", 7, "arithmetic 1.0")
    assert known.source.sha256 == hashlib.sha256(b"weights").hexdigest() == digest_of(file)
    assert known.holdout is not None
    assert (known.data.rows, known.holdout.file, known.holdout.rows) == (7, "test.csv", 3)
    assert origin_of(Arithmetic(), file, DATA, None, PARITY).provenance.holdout is None  # type: ignore[union-attr]


def test_the_manifest_names_no_folder_of_this_machine(file: Path) -> None:
    lineage = lineage_of(Arithmetic(), file, DATA, {"accuracy": 0.5})
    assert (lineage.data.source, lineage.code.path, lineage.metrics) == ("data.csv", "model.joblib", {"accuracy": 0.5})


def test_the_commit_is_that_of_the_sources_repository(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(file.parent.parent))
    assert commit_beside(file) is None
    who = ["-c", "user.name=a", "-c", "user.email=a@b.example"]
    for command in (["init", "-q"], [*who, "commit", "-q", "--allow-empty", "-m", "first"]):
        subprocess.run(["git", "-C", str(file.parent), *command], check=True)
    commit = commit_beside(file)
    assert commit is not None
    assert len(commit) == 40


def test_without_git_there_is_no_commit(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert commit_beside(file) is None
    assert versions_of(()).keys() == {"numpy", "onnx", "pandas"}
