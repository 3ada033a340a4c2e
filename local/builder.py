"""Which program builds and pushes images for a deploy: the CDK's ``CDK_DOCKER``."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from local.commands import run
from local.errors import LocalError

# What each answers only when its engine runs, in the order in which they are tried.
_ENGINE_CHECK: Final = {
    "docker": ("version", "--format", "{{.Server.Version}}"),
    "finch": ("info",),
    "podman": ("info",),
}
_CHECK_SECONDS: Final = 60.0


def builder(environment: Mapping[str, str]) -> str:
    """The program that ``CDK_DOCKER`` names, else the first of docker, finch and podman whose engine answers.

    Raises LocalError where there is none, or where the one that is there does not answer.
    """
    named = environment.get("CDK_DOCKER")
    if named:
        _check(named, environment, what=f"CDK_DOCKER={named}")
        return named
    found = [program for program in _ENGINE_CHECK if shutil.which(program, path=environment.get("PATH"))]
    failures = []
    for program in found:
        try:
            _check(program, environment, what=program)
        except LocalError as error:
            failures.append(error)
        else:
            return program
    if failures:
        message = f"no container engine runs, and images must be built; start one ({'; '.join(map(str, failures))})"
        raise LocalError(message)
    message = "images must be built and there is no docker, finch or podman; install one, or name another in CDK_DOCKER"
    raise LocalError(message)


def builder_environment(program: str) -> dict[str, str]:
    """What makes the CDK build with ``program``. BuildKit's attestations make an image that Lambda refuses."""
    return {"CDK_DOCKER": program, "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}


def _check(program: str, environment: Mapping[str, str], *, what: str) -> None:
    if shutil.which(program, path=environment.get("PATH")) is None:
        message = f"{what}: the program is not installed"
        raise LocalError(message)
    words = _ENGINE_CHECK.get(Path(program).name)
    if words is not None:
        run([program, *words], what=what, environment=environment, seconds=_CHECK_SECONDS)
