"""Runs inside an image: prints as JSON what a bill of materials is made of. Standard library only."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from email.parser import HeaderParser
from pathlib import Path

NOT_FILES = {"/proc", "/sys", "/dev"}
PACKAGERS = {
    "deb": ("dpkg-query", "--show", "--showformat", "${Package}\t${Version}\t${Architecture}\n"),
    "rpm": ("rpm", "--query", "--all", "--queryformat", "%{NAME}\t%{VERSION}-%{RELEASE}\t%{ARCH}\n"),
}


def python() -> list[dict[str, object]]:
    """Every distribution anywhere in the image, whichever interpreter it is for."""
    found = []
    for folder, names, _ in os.walk("/"):
        names[:] = [name for name in names if os.path.join(folder, name) not in NOT_FILES]  # noqa: PTH118
        for name in names:
            metadata = Path(folder, name, "METADATA")
            if name.endswith(".dist-info") and metadata.is_file():
                found.append(distribution(metadata))
    return found


def distribution(metadata: Path) -> dict[str, object]:
    """Name, version, place and licence of one."""
    headers = HeaderParser().parsestr(metadata.read_text(encoding="utf-8", errors="replace"))
    prefix = "License :: "
    classifiers = [text.rsplit(" :: ", 1)[1] for text in headers.get_all("Classifier", []) if text.startswith(prefix)]
    stated = (headers.get("License") or "").strip()
    return {
        "name": headers["Name"],
        "version": headers["Version"],
        "place": str(metadata.parent),
        "expression": headers.get("License-Expression"),
        # Some state the whole text of their licence there.
        "licences": [stated] if stated and "\n" not in stated else classifiers,
    }


def system() -> tuple[str, list[list[str]]]:
    """The kind of the base's packages, and of each its name, version and architecture."""
    for kind, command in PACKAGERS.items():
        if shutil.which(command[0]):
            listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603
            return kind, [line.split("\t") for line in sorted(listed.splitlines())]
    raise SystemExit("neither dpkg nor rpm: the base's packages cannot be listed")


def release() -> str:
    """The base's distribution, as ``/etc/os-release`` names it."""
    lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    return next(line.partition("=")[2].strip('"') for line in lines if line.startswith("ID="))


def models() -> list[dict[str, object]]:
    """The lock of every model that is served from the image, not only described in it."""
    locks = sorted(Path("/var/task/models").glob("*/model.lock.json"))
    return [json.loads(file.read_bytes()) for file in locks if file.with_name("model.msgpack").is_file()]


packager, packages = system()
print(  # noqa: T201
    json.dumps(
        {
            "python": python(),
            "packager": packager,
            "system": packages,
            "distribution": release(),
            "models": models(),
        }
    )
)
