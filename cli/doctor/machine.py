"""This machine, on which a deploy would build images and run the CDK."""

from __future__ import annotations

import json
import platform
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from cli.doctor.finding import Check, Examiner, NotChecked, Problem, Severity
from local.builder import builder, builder_environment
from local.cdk_cli import LOCK as CDK_LOCK
from local.cdk_cli import installed_package
from local.commands import run
from local.errors import LocalError
from local.node import node_folder
from local.paths import CACHE, REPOSITORY

FREE_BYTES: Final = 5 * 10**9
"""The base images, the packages and the models, each in several layers while they are built."""
ATTESTATIONS: Final = "BUILDX_NO_DEFAULT_ATTESTATIONS"
_OLDEST_NODE: Final = 20
_SCHEMA: Final = "@aws-cdk/cloud-assembly-schema"
_LIBRARY: Final = "aws-cdk.cloud-assembly-schema"
_QEMU: Final = {"arm64": "qemu-aarch64", "x86_64": "qemu-x86_64"}
_NAMES: Final = {"aarch64": "arm64", "AMD64": "x86_64"}
_PINNED: Final = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)(?: ;([^\\]+))?", re.MULTILINE)
_STORES: Final = (Path("/var/lib/docker"), Path("/var/lib/containers"))
_INSTALLS: Final = "run `make synth`, which installs what is pinned and needs no account"


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """``architectures``: of the models, as their manifests name them. ``lock``: what is to be installed here."""

    environment: Mapping[str, str]
    architectures: frozenset[str] = frozenset()
    lock: Path = REPOSITORY / "infra/requirements.txt"
    cache: Path = CACHE
    processor: str = platform.machine()
    handlers: Path = Path("/proc/sys/fs/binfmt_misc")


def _engine(machine: Machine) -> Iterator[Problem]:
    try:
        builder(machine.environment)
    except LocalError as error:
        what, _, fix = error.message.partition("; ")
        yield Problem(what, fix or "start it, or name another program in CDK_DOCKER")


def _attestations(machine: Machine) -> Iterator[Problem]:
    program = machine.environment.get("CDK_DOCKER") or "docker"
    yield from attested({**machine.environment, **builder_environment(program)}, program)


def attested(environment: Mapping[str, str], program: str) -> Iterator[Problem]:
    """What speaks against images that ``program`` builds in ``environment``."""
    value = environment.get(ATTESTATIONS, "")
    if value.lower() not in {"1", "true"}:
        said = f"{ATTESTATIONS} is {value!r}" if value else f"{ATTESTATIONS} is not set"
        yield Problem(f"{said} where {program} builds", f"export {ATTESTATIONS}=1, or build with --provenance=false")


def _emulation(machine: Machine) -> Iterator[Problem]:
    own = _NAMES.get(machine.processor, machine.processor)
    foreign = sorted({*machine.architectures, "x86_64"} - {own})  # the catalogue's image is x86_64
    if not foreign or not sys.platform.startswith("linux"):
        return  # Docker Desktop, finch and podman machine bring emulation with them
    if "DOCKER_HOST" in machine.environment:
        raise NotChecked("images are built on another machine (DOCKER_HOST)")
    for architecture in foreign:
        if not _emulates(machine.handlers / _QEMU[architecture]):
            yield Problem(
                f"images for {architecture} are to be built on {own}, and nothing here runs its programs",
                f"run `docker run --privileged --rm tonistiigi/binfmt --install "
                f"{architecture.replace('x86_64', 'amd64')}`, or build on such a machine",
            )


def _emulates(handler: Path) -> bool:
    try:
        return handler.read_text().startswith("enabled")
    except OSError:
        return False


def _cdk(machine: Machine) -> Iterator[Problem]:
    pinned = json.loads((CDK_LOCK / "package.json").read_text())["dependencies"]["aws-cdk"]
    if not re.fullmatch(r"2\.\d+\.\d+", pinned):
        yield Problem(f"local/cdk/package.json asks for aws-cdk {pinned}", "pin one version of aws-cdk 2 there")
        return
    package = installed_package(machine.cache)
    if package is None:
        raise NotChecked("the CDK's command line is not installed yet; `make synth` installs it")
    try:
        wanted = version(_LIBRARY)
    except PackageNotFoundError:
        raise NotChecked("aws-cdk-lib is not installed; `make synth` installs it") from None
    yield from unread_schema(json.loads(package.read_text()), pinned, wanted)


def unread_schema(package: Mapping[str, Mapping[str, str]], command: str, library: str) -> Iterator[Problem]:
    """What speaks against a CDK ``command`` of this ``package.json`` and a library of this schema.

    Raises:
        NotChecked: the package does not say what it reads.
    """
    sections = (package.get(name, {}) for name in ("dependencies", "devDependencies"))
    found = re.search(r"\d+", next((section[_SCHEMA] for section in sections if _SCHEMA in section), ""))
    if found is None:
        raise NotChecked("the CDK's command line does not say which schema it reads")
    if int(found[0]) < int(library.split(".")[0]):
        yield Problem(
            f"aws-cdk {command} reads schema {found[0]}, and the installed aws-cdk-lib writes {library}",
            "raise aws-cdk in local/cdk/package.json and its lock (`npm install --package-lock-only` there)",
        )


def _node(machine: Machine) -> Iterator[Problem]:
    try:
        said = run([node_folder() / "node", "--version"], what="node", environment=machine.environment, seconds=20)
    except LocalError as error:
        yield Problem(error.message, _INSTALLS)
        return
    found = re.match(r"v(\d+)", said)
    if found is None or int(found[1]) < _OLDEST_NODE:
        yield Problem(f"node is {said.strip()}, and the CDK needs {_OLDEST_NODE} or later", _INSTALLS)


def _requirements(machine: Machine) -> Iterator[Problem]:
    if not machine.lock.is_file():
        raise NotChecked(f"{machine.lock.name} is missing: not a checkout of the repository")
    stale = list(_stale(machine.lock.read_text()))
    if stale:
        shown = ", ".join(stale[:5]) + (f" and {len(stale) - 5} more" if len(stale) > 5 else "")
        yield Problem(f"{machine.lock.parent.name}/{machine.lock.name} is not what is installed: {shown}", _INSTALLS)


def _stale(lock: str) -> Iterator[str]:
    """Packages that are missing or of another version. Those that a marker names need not be there."""
    pins: dict[str, list[tuple[str, bool]]] = {}
    for name, number, marker in _PINNED.findall(lock):
        pins.setdefault(name, []).append((number, bool(marker)))
    for name, numbers in pins.items():
        try:
            found = version(name)
        except PackageNotFoundError:
            if not all(marked for _, marked in numbers):
                yield f"{name} is missing"
            continue
        if found not in [number for number, _ in numbers]:
            yield f"{name} is {found}"


def _disk(machine: Machine) -> Iterator[Problem]:
    for place in _places(machine):
        free = shutil.disk_usage(place).free
        if free < FREE_BYTES:
            yield Problem(
                f"{free / 10**9:.1f} GB are free at {place}",
                "free some: `docker system prune` (or podman's), `make clean`",
            )


def _places(machine: Machine) -> Iterable[Path]:
    """The cache's nearest folder that exists, and where engines keep images, one for each file system."""
    cache = next(folder for folder in (machine.cache, *machine.cache.parents) if folder.is_dir())
    found = {place.stat().st_dev: place for place in (*(store for store in _STORES if store.is_dir()), cache)}
    return found.values()


MACHINE_CHECKS: Final[Sequence[Examiner[Machine]]] = (
    Examiner(
        Check(
            "container-engine",
            Severity.ERROR,
            "no docker, finch or podman whose engine answers (or the program that `CDK_DOCKER` names)",
            "each model is an image, and a deploy builds it here",
            "install and start one of them",
        ),
        _engine,
    ),
    Examiner(
        Check(
            "attestations",
            Severity.ERROR,
            f"`{ATTESTATIONS}` is not 1 where images are built",
            "BuildKit's attestations make an index of manifests out of an image, which Lambda refuses",
            f"`export {ATTESTATIONS}=1`; `make deploy` sets it itself",
        ),
        _attestations,
    ),
    Examiner(
        Check(
            "emulation",
            Severity.ERROR,
            "an image for another processor than this machine's, without emulation of it",
            "the build ends with `exec format error`",
            "install binfmt handlers, or build on such a machine",
        ),
        _emulation,
    ),
    Examiner(
        Check(
            "cdk",
            Severity.ERROR,
            "a CDK command line that does not read what aws-cdk-lib writes",
            "the deploy ends with a schema mismatch before anything is built",
            "pin a newer aws-cdk 2 in `local/cdk`",
        ),
        _cdk,
    ),
    Examiner(
        Check(
            "node",
            Severity.ERROR,
            f"no Node.js, or one older than {_OLDEST_NODE}",
            "the CDK runs on it, the command line as well as the library",
            "`make synth` installs it",
        ),
        _node,
    ),
    Examiner(
        Check(
            "requirements",
            Severity.WARNING,
            "installed packages that are not those of `infra/requirements.txt`",
            "what is synthesised here is not what was tested",
            "`make synth` installs them",
        ),
        _requirements,
    ),
    Examiner(
        Check(
            "disk",
            Severity.WARNING,
            f"less than {FREE_BYTES / 10**9:g} GB free where images are built",
            "a build ends half-way with `no space left on device`",
            "remove old images",
        ),
        _disk,
    ),
)
