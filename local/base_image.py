"""A base image shaped like AWS's Lambda base image for Python 3.13, made from Debian where AWS's cannot be pulled.

It keeps what a function's Dockerfile relies on: ``/var/task`` as working folder and ``LAMBDA_TASK_ROOT``, ``python``
and ``pip`` on the path, ``/lambda-entrypoint.sh`` with the handler as its one argument, and the interface emulator that
the entry point starts outside of AWS. It does not have AWS's libraries: glibc, OpenSSL and Python are Debian's.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from local.commands import run
from local.errors import LocalError
from local.once import one_at_a_time
from local.paths import CACHE
from local.rie_binary import rie_binary

SUITE: Final = "trixie"
_PACKAGES: Final = "ca-certificates,python3,python3-pip"
_CLIENT: Final = Path(__file__).with_name("image-requirements.txt")
_UNUSED: Final = ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale")
_PYTHON: Final = ("python", "python3", "python3.13")

_ENTRY_POINT: Final = """\
#!/bin/sh
# As AWS's base image has it: the handler's name is the one argument.
if [ $# -ne 1 ]; then
  echo "entrypoint requires the handler name to be the first argument" 1>&2
  exit 142
fi
export _HANDLER="$1"
if [ -z "${AWS_LAMBDA_RUNTIME_API}" ]; then
  exec /usr/local/bin/aws-lambda-rie /var/runtime/bootstrap
fi
exec /var/runtime/bootstrap
"""

_BOOTSTRAP: Final = """\
#!/bin/sh
export PYTHONPATH="/var/runtime${PYTHONPATH:+:$PYTHONPATH}"
exec /var/lang/bin/python3.13 -m awslambdaric "$_HANDLER"
"""

_CHANGES: Final = (
    "ENV LANG=C.UTF-8",
    "ENV TZ=:/etc/localtime",
    "ENV PATH=/var/lang/bin:/usr/local/bin:/usr/bin:/bin:/opt/bin",
    "ENV LAMBDA_TASK_ROOT=/var/task",
    "ENV LAMBDA_RUNTIME_DIR=/var/runtime",
    "WORKDIR /var/task",
    'ENTRYPOINT ["/lambda-entrypoint.sh"]',
)


def can_build() -> bool:
    """Whether this machine can make the image: debootstrap wants root, and the packages are x86_64's."""
    return not os.geteuid() and platform.machine() == "x86_64" and shutil.which("debootstrap") is not None


def base_image(environment: Mapping[str, str]) -> str:
    """The image's name in podman's store, built there on the first call (about a minute).

    ``environment`` is the podman service's. Raises LocalError where debootstrap is missing or this is not root.
    """
    name = f"localhost/serin-lambda-python:{_recipe()}"
    surroundings = {**os.environ, **environment}
    with one_at_a_time(CACHE / "base-image.lock"):
        if not _exists(name, surroundings):
            _build(name, surroundings)
    return name


def _exists(name: str, environment: Mapping[str, str]) -> bool:
    command = ["podman", "image", "exists", name]
    return not subprocess.run(command, check=False, env=environment).returncode  # noqa: S603 - fixed words, our own name


def _recipe() -> str:
    """Twelve digits that change with anything that makes the image."""
    parts = (SUITE, _PACKAGES, _ENTRY_POINT, _BOOTSTRAP, *_CHANGES, _CLIENT.read_text(encoding="utf-8"))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def _build(name: str, environment: Mapping[str, str]) -> None:
    if not can_build():
        message = "base image: needs debootstrap, as root, on x86_64; elsewhere build on AWS's image"
        raise LocalError(message)
    with tempfile.TemporaryDirectory(prefix="serin-base-") as folder:
        root = Path(folder) / "root"
        command: list[str | Path] = ["debootstrap", "--variant=minbase", f"--include={_PACKAGES}", SUITE, root]
        run(command, what="base image: debootstrap")
        _shape(root)
        archive = Path(folder) / "root.tar"
        run(["tar", "--create", "--file", archive, "--directory", root, "."], what="base image: pack")
        changes = [word for change in _CHANGES for word in ("--change", change)]
        run(["podman", "import", *changes, archive, name], what="base image: import", environment=environment)


def _shape(root: Path) -> None:
    """Turn a plain Debian into what a function's image expects to stand on."""
    for path in _UNUSED:
        shutil.rmtree(root / path, ignore_errors=True)
    for marker in root.glob("usr/lib/python3*/EXTERNALLY-MANAGED"):
        marker.unlink()
    for folder in ("var/task", "var/runtime", "var/lang/bin", "opt"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for alias in _PYTHON:
        (root / "var/lang/bin" / alias).symlink_to("/usr/bin/python3.13")
    _install_client(root / "var/runtime")
    _write_program(root / "var/runtime/bootstrap", _BOOTSTRAP.encode())
    _write_program(root / "lambda-entrypoint.sh", _ENTRY_POINT.encode())
    _write_program(root / "usr/local/bin/aws-lambda-rie", rie_binary().read_bytes())


def _install_client(folder: Path) -> None:
    install: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--require-hashes",
        "--no-compile",
    ]
    target: list[str | Path] = ["--target", folder, "--python-version", "3.13", "--platform", "manylinux2014_x86_64"]
    command = [*install, *target, "--only-binary=:all:", "--requirement", _CLIENT]
    run(command, what="base image: install the runtime interface client")


def _write_program(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o755)
