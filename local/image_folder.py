"""The inference image's files without a container engine: its Dockerfile's own steps, followed in folders.

What the Dockerfile says is what is done, so a change of it changes what is measured. The base image is this machine:
its Python takes the place of the image's. An absolute path of the image stands below the folder of its stage.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from local.commands import run
from local.errors import LocalError
from local.once import built_once
from local.paths import CACHE, REPOSITORY

DOCKERFILE: Final = REPOSITORY / "functions/inference/Dockerfile"
BASE: Final = "${BASE_IMAGE}"
_ABSOLUTE: Final = re.compile(r"(?<![\w.\-}/])/(?!dev/|bin/|usr/|proc/|etc/)(?=\w)")
_IGNORED: Final = {"USER", "CMD"}
_SCRATCH: Final = shutil.ignore_patterns("__pycache__", "*.pyc", "*.md")


@dataclass(frozen=True)
class Stage:
    """One ``FROM``, its name, and the instructions that follow it."""

    name: str
    parent: str
    instructions: tuple[tuple[str, str], ...]

    @property
    def installs(self) -> bool:
        """Whether it fetches packages: slow, and the same for as long as their lock is."""
        return any("pip install" in words for _, words in self.instructions)


@dataclass
class _Built:
    """A stage's files below ``root``, and what its instructions set."""

    root: Path
    directory: str = "/"
    environment: dict[str, str] = field(default_factory=dict)
    entrypoint: tuple[str, ...] = ()


@dataclass(frozen=True)
class Image:
    """What the last stage holds: the folder that the function runs in, its environment, and what Python runs there.

    ``program`` is what the entry point has beside its script: Python's own options and the file.
    """

    task: Path
    environment: Mapping[str, str]
    program: tuple[str, ...]


def build_image(models: Path, model: str, place: Path, dockerfile: Path = DOCKERFILE) -> Image:
    """Follow ``dockerfile`` for ``model``, a folder of ``models``; the files come below ``place``.

    Raises:
        LocalError: a step fails, or is of a kind that is not known here.
    """
    builder = _Builder({stage.name: stage for stage in stages(dockerfile.read_text())}, models, model, place)
    last = builder.build(list(builder.stages)[-1])
    program = tuple(_ABSOLUTE.sub(f"{last.root}/", word) for word in last.entrypoint[1:])
    return Image(_inside(last.root, last.directory), last.environment, program)


def stages(text: str) -> Iterator[Stage]:
    """The stages of a Dockerfile, in order; one without a name has its number."""
    joined = re.sub(r"\\\n\s*", "", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE))
    instructions = [tuple(line.split(maxsplit=1)) for line in joined.splitlines() if line.strip()]
    starts = [i for i, (word, *_) in enumerate(instructions) if word == "FROM"]
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], len(instructions)], strict=True)):
        parent, _, name = instructions[start][1].partition(" AS ")
        body = tuple((word, words) for word, words in instructions[start + 1 : end])
        yield Stage(name.strip() or str(number), parent.strip(), body)


def _inside(root: Path, path: str) -> Path:
    return root / path.lstrip("/")


class _Builder:
    def __init__(self, stages_: Mapping[str, Stage], models: Path, model: str, place: Path) -> None:
        self.stages = stages_
        self._built: dict[str, _Built] = {}
        self._models, self._model, self._place = models, model, place
        self._programs = place / "programs"
        self._programs.mkdir(parents=True)
        python = self._programs / "python3"
        python.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
        python.chmod(0o755)

    def build(self, name: str) -> _Built:
        if name not in self._built:
            stage = self.stages[name]
            if stage.parent == BASE and stage.installs:
                self._built[name] = self._cached(stage)
            else:
                self._built[name] = self._follow(stage, self._place / f"stage-{name}")
        return self._built[name]

    def _cached(self, stage: Stage) -> _Built:
        digest = hashlib.sha256(f"{sys.version}{stage}".encode())
        for word, words in stage.instructions:
            if word == "COPY":
                digest.update(_content(REPOSITORY / words.split()[0]))
        folder = CACHE / "image-folder" / f"{stage.name}-{digest.hexdigest()[:12]}"
        built_once(folder, lambda root: _discard(self._follow(stage, root)))
        return _Built(folder)

    def _follow(self, stage: Stage, root: Path) -> _Built:
        built = _Built(root)
        if stage.parent == BASE:
            (root / "tmp").mkdir(parents=True)
        else:
            parent = self.build(stage.parent)
            shutil.copytree(parent.root, root)
            built = _Built(root, parent.directory, dict(parent.environment), parent.entrypoint)
        for word, words in stage.instructions:
            self._instruct(built, word, words)
        return built

    def _instruct(self, built: _Built, word: str, words: str) -> None:
        match word:
            case "WORKDIR":
                built.directory = words
                _inside(built.root, words).mkdir(parents=True, exist_ok=True)
            case "ENV":
                pairs = (pair.partition("=") for pair in shlex.split(words))
                built.environment |= {name: _ABSOLUTE.sub(f"{built.root}/", value) for name, _, value in pairs}
            case "COPY":
                self._copy(built, words.split())
            case "RUN":
                self._run(built, words)
            case "ENTRYPOINT":
                built.entrypoint = tuple(json.loads(words))
            case "ARG":
                pass
            case _ if word not in _IGNORED:
                message = f"{DOCKERFILE.name}: {word}: this instruction is not known to {Path(__file__).name}; teach it"
                raise LocalError(message)

    def _copy(self, built: _Built, words: list[str]) -> None:
        source_name, target_name = (word.replace("${MODEL}", self._model) for word in words[-2:])
        if words[0].startswith("--from="):
            other = self.build(words[0].removeprefix("--from="))
            source = _inside(other.root, source_name)
        elif source_name == f"models/{self._model}":
            source = self._models / self._model
        else:
            source = REPOSITORY / source_name
        target = _inside(built.root, os.path.join(built.directory, target_name))  # noqa: PTH118 - joins as COPY does
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True, ignore=None if words[0][0] == "-" else _SCRATCH)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)

    def _run(self, built: _Built, words: str) -> None:
        # Packages that were fetched before need not be fetched again.
        command = _ABSOLUTE.sub(f"{built.root}/", words.replace("--no-cache-dir", ""))
        surroundings = {**os.environ, **built.environment, "MODEL": self._model}
        surroundings["PATH"] = f"{self._programs}{os.pathsep}{os.environ['PATH']}"
        surroundings.pop("PYTHONDONTWRITEBYTECODE", None)
        directory = _inside(built.root, built.directory)
        run(["sh", "-ec", command], what=f"{DOCKERFILE.name}: RUN", environment=surroundings, directory=directory)


def _content(source: Path) -> bytes:
    files = sorted(file for file in source.rglob("*") if file.is_file()) if source.is_dir() else [source]
    return b"".join(file.read_bytes() for file in files)


def _discard(_built: _Built) -> None:
    """``built_once`` wants no result."""
