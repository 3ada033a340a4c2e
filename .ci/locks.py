"""The dependency locks: `python .ci/locks.py write` makes them anew, `python .ci/locks.py check` judges them.

Each lock names every package with its digests and nothing of where it comes from, so that plain pip installs
exactly these bytes from whichever index a machine uses. Its first line seals what it was made from and what it
says; `check` needs no network.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
APPLICATION: Final = "pyproject.toml"
RUNTIME: Final = "layers/runtime/pyproject.toml"
PYTHON: Final = "3.11"
SEAL: Final = "# Written by `make lock`; sealed "


@dataclass(frozen=True, slots=True)
class Lock:
    """One lock: the projects whose dependencies it holds, and the groups of the application's beside them.

    ``apart``: it serves an environment of its own, so its versions need not be the others'. ``bare``: only what is
    named, without what that needs in turn. ``without``: packages that are asked for and not used; whoever installs the
    lock takes it as it is (``pip install --no-deps``).
    """

    file: str
    projects: tuple[str, ...]
    groups: tuple[str, ...]
    apart: bool = False
    bare: bool = False
    without: tuple[str, ...] = ()


# What onnxruntime's Python binding needs. The data plane calls the library that lies beside it, which needs nothing.
BINDING: Final = ("flatbuffers", "numpy", "packaging", "protobuf")

# The first holds all that the others hold but those apart, and constrains them: one version of a package everywhere.
LOCKS: Final = (
    Lock(
        "tests/requirements.txt",
        (APPLICATION, RUNTIME),
        ("authorizer", "bench", "build", "catalog", "deploy", "inference", "packaging", "signature", "test"),
    ),
    Lock("requirements.txt", (APPLICATION, RUNTIME), ("build",)),
    Lock("infra/requirements.txt", (APPLICATION, RUNTIME), ("build", "deploy")),
    Lock("functions/inference/requirements.txt", (RUNTIME,), ("inference",), without=BINDING),
    Lock("functions/inference/signature-requirements.txt", (), ("signature",)),
    Lock("functions/catalog/requirements.txt", (), ("catalog",)),
    Lock("functions/authorizer/requirements.txt", (), ("authorizer",)),
    Lock("local/image-requirements.txt", (), ("inference",)),
    Lock("benchmarks/requirements.txt", (APPLICATION, RUNTIME), ("bench", "build", "deploy")),
    *(
        Lock(f"benchmarks/references/{name}/requirements.txt", (), (f"reference-{name}",))
        for name in ("bare", "naive", "plain", "usual")
    ),
    *(
        Lock(f"benchmarks/peers/{name}/requirements.txt", (), (f"peer-{name}",), apart=True)
        for name in ("bentoml", "kserve", "litserve", "mlserver")
    ),
    Lock("local/requirements.txt", (), ("emulator",), apart=True),
    Lock("local/rie-requirements.txt", (), ("interface-emulator",), apart=True, bare=True),
)


def wanted(lock: Lock) -> list[str]:
    """The requirements that ``lock`` resolves, as the projects state them."""
    tables: dict[str, dict[str, Any]] = {
        project: tomllib.loads((ROOT / project).read_text()) for project in {APPLICATION, *lock.projects}
    }
    groups = tables[APPLICATION]["dependency-groups"]
    requirements: set[str] = set()
    for project in lock.projects:
        requirements.update(tables[project]["project"]["dependencies"])
    for group in lock.groups:
        requirements.update(groups[group])
    return sorted(requirements)


def seal(lock: Lock, body: str) -> str:
    """Digest of what ``lock`` was made from and of what it says."""
    return hashlib.sha256(json.dumps([PYTHON, wanted(lock), body]).encode()).hexdigest()


def problem(lock: Lock) -> str | None:
    """Why ``lock`` cannot be trusted; None when it can."""
    try:
        header, _, body = (ROOT / lock.file).read_text().partition("\n")
    except FileNotFoundError:
        return "is missing"
    if header != SEAL + seal(lock, body):
        return "does not match the dependencies that the projects state"
    return None


def write(lock: Lock, constraint: Lock | None, options: list[str]) -> None:
    """Resolve ``lock`` and write it; pins that still fit stay as they are, unless ``options`` says otherwise.

    Raises:
        subprocess.CalledProcessError: when no set of versions fits; uv has then said why.
    """
    file = ROOT / lock.file
    with tempfile.TemporaryDirectory() as folder:
        wishes, resolved = Path(folder, "wanted.in"), Path(folder, "resolved.txt")
        wishes.write_text("\n".join(wanted(lock)))
        if file.exists():
            resolved.write_text(file.read_text())
        command = [sys.executable, "-m", "uv", "pip", "compile", str(wishes), "--output-file", str(resolved)]
        command += ["--universal", "--python-version", PYTHON, "--generate-hashes", "--no-header", "--no-annotate"]
        command += ["--no-emit-index-url", "--no-emit-find-links", "--no-config", "--quiet", *options]
        if constraint is not None:
            command += ["--constraint", str(ROOT / constraint.file)]
        for package in lock.without:
            command += ["--no-emit-package", package]
        if lock.bare:
            command.append("--no-deps")
        subprocess.run(command, check=True)  # noqa: S603
        body = resolved.read_text()
    replacement = file.with_suffix(".new")
    replacement.write_text(f"{SEAL}{seal(lock, body)}\n{body}")
    os.replace(replacement, file)  # noqa: PTH105


def main(arguments: list[str]) -> int:
    """``write [uv's options]`` or ``check``; 0 when all is well."""
    match arguments:
        case ["write", *options]:
            for i, lock in enumerate(LOCKS):
                write(lock, None if i == 0 or lock.apart else LOCKS[0], options)
                print(f"{lock.file} is written")  # noqa: T201
            return 0
        case ["check"]:
            problems = [f"{lock.file} {found}; run `make lock`" for lock in LOCKS if (found := problem(lock))]
            print("\n".join(problems), end="\n" if problems else "", file=sys.stderr)  # noqa: T201
            return 1 if problems else 0
        case _:
            print("usage: python .ci/locks.py write [uv's options] | check", file=sys.stderr)  # noqa: T201
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
