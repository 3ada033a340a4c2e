"""`cdk synth` of 50 models against 10: processor time, so that other work on the machine counts less."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any, Final

from benchmarks.events import MODEL
from benchmarks.rows import Outcome, compare, interleave
from benchmarks.subjects import MODELS, workshop
from local.errors import LocalError
from local.node import node_folder
from local.paths import REPOSITORY

name: Final = "synth"
FEW_MANY: Final = (10, 50)
QUICK: Final = (2, 10)
_SECONDS: Final = 300


def run(quick: bool) -> list[Outcome]:
    """The app as the CDK's command line runs it, with its settings."""
    few, many = QUICK if quick else FEW_MANY
    with workshop() as shop:
        projects = [_project(shop.place / f"project-{count}", count) for count in (many, few)]
        takers = [partial(_synthesise, p) for p in projects]
        pairs = [(more, fewer) for more, fewer in interleave(takers, 1 if quick else 2)]
    return [compare("synth", f"cdk synth, {many} models", f"{few} models", "CPU s", pairs, target=3.0)]


def _project(root: Path, count: int) -> Path:
    scratch = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for folder in ("functions", "infra", "layers/runtime/python"):
        shutil.copytree(REPOSITORY / folder, root / folder, ignore=scratch)
    for file in ("app.py", ".dockerignore", "cdk.json", "pyproject.toml"):
        shutil.copy(REPOSITORY / file, root)
    for i in range(count):
        _write_model(root / "models" / f"model-{i}")
    return root


def _write_model(folder: Path) -> None:
    """The tabular model under another name."""
    shutil.copytree(MODELS / MODEL, folder)
    manifest, lock = folder / "model.yaml", folder / "model.lock.json"
    manifest.write_text(manifest.read_text().replace(f"\nname: {MODEL}\n", f"\nname: {folder.name}\n"))
    lock.write_text(json.dumps(json.loads(lock.read_text()) | {"name": folder.name}))


def _synthesise(project: Path) -> float:
    """Processor seconds of Python and of the Node.js below it."""
    context: dict[str, Any] = json.loads((project / "cdk.json").read_text())["context"]
    output = project / "cdk.out"
    surroundings = {
        **os.environ,
        "PATH": os.pathsep.join((str(node_folder()), os.environ["PATH"])),
        "CDK_CONTEXT_JSON": json.dumps(context),
        "CDK_OUTDIR": str(output),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    before = os.times()
    done = subprocess.run(
        [sys.executable, "app.py"],
        cwd=project,
        env=surroundings,
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
    )
    after = os.times()
    shutil.rmtree(output, ignore_errors=True)
    if done.returncode:
        message = f"cdk synth: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}"
        raise LocalError(message)
    return after.children_user - before.children_user + after.children_system - before.children_system
