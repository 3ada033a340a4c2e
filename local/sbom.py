"""``python -m local.sbom``: a CycloneDX bill of materials of every image of a deploy, beside the images.

It lists what is found in the built image, not what was asked for: every Python distribution with its place and
licence, every package of the base's distribution, and the models with the digests of the artefacts that they were
compiled from. The same image always gives the same bytes. Source of the format: CycloneDX 1.6, ECMA-424.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from local.builder import builder
from local.commands import run
from local.errors import LocalError
from local.paths import REPOSITORY
from local.terminal import ended

_LIST: Final = Path(__file__).with_name("image_content.py")
_ASSETS: Final = "*.assets.json"

Component = dict[str, Any]


def bill_of_materials(image: str, *, engine: str, environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The bill of ``image`` in the store of ``engine`` (``docker``, ``podman``). Raises LocalError."""
    surroundings = {**os.environ, **(environment or {})}
    inspect = [engine, "image", "inspect", "--format", "{{.Id}} {{json .Created}}", image]
    digest, created = run(inspect, what=f"image {image}", environment=surroundings).split()
    start = [engine, "run", "--rm", "--network", "none", "--read-only", "--entrypoint", "python3"]
    program = _LIST.read_text(encoding="utf-8")
    content = json.loads(
        run([*start, image, "-c", program], what=f"image {image}: list its content", environment=surroundings)
    )
    return _bill(image, digest.removeprefix("sha256:"), json.loads(created), content)


def _bill(image: str, digest: str, created: str, content: Mapping[str, Any]) -> dict[str, Any]:
    parts = sorted([*_python(content), *_system(content), *_models(content)], key=lambda part: str(part["bom-ref"]))
    root = f"image:{digest}"
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": uuid.uuid5(uuid.NAMESPACE_OID, digest).urn,
        "version": 1,
        "metadata": {
            "timestamp": f"{created[:19]}Z",
            "tools": {"components": [{"type": "application", "name": "serin"}]},
            "component": {
                "bom-ref": root,
                "type": "container",
                "name": image,
                "version": f"sha256:{digest}",
            },
        },
        "components": parts,
        "dependencies": [{"ref": root, "dependsOn": [part["bom-ref"] for part in parts]}],
    }


def _python(content: Mapping[str, Any]) -> Iterator[Component]:
    for found in content["python"]:
        name = found["name"].lower().replace("_", "-").replace(".", "-")
        purl = f"pkg:pypi/{name}@{quote(found['version'])}"
        yield {
            # One version may stand in two places: the base's own Python and the function's folder.
            "bom-ref": f"{purl}#{found['place']}",
            "type": "library",
            "name": found["name"],
            "version": found["version"],
            "purl": purl,
            "licenses": _licences(found),
            "evidence": {"occurrences": [{"location": found["place"]}]},
        }


def _licences(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """An expression where the package states one, else the names that it uses."""
    if found["expression"]:
        return [{"expression": found["expression"]}]
    return [{"license": {"name": name}} for name in found["licences"]]


def _system(content: Mapping[str, Any]) -> Iterator[Component]:
    kind, distribution = content["packager"], content["distribution"]
    for name, version, architecture in content["system"]:
        purl = f"pkg:{kind}/{distribution}/{quote(name)}@{quote(version)}?arch={architecture}"
        yield {"bom-ref": purl, "type": "library", "name": name, "version": version, "purl": purl}


def _models(content: Mapping[str, Any]) -> Iterator[Component]:
    for lock in content["models"]:
        artifact = lock["artifact"]
        yield {
            "bom-ref": f"model:{lock['name']}@{lock['version']}",
            "type": "machine-learning-model",
            "name": lock["name"],
            "version": lock["version"],
            "hashes": [{"alg": "SHA-256", "content": artifact["sha256"]}],
        }


def images_of(assembly: Path) -> dict[str, str]:
    """By the name that a bill's file takes: the image of each asset that ``cdk synth`` wrote into ``assembly``.

    Raises:
        LocalError: nothing was synthesised there.
    """
    manifests = sorted(assembly.glob(_ASSETS))
    if not manifests:
        raise LocalError(f"{assembly}: no *.assets.json here; run `make deploy` first, or name another --assembly")
    return {
        f"{file.name.removesuffix('.assets.json')}-{digest[:12]}": f"cdkasset-{digest}"
        for file in manifests
        for digest in json.loads(file.read_bytes())["dockerImages"]
    }


def write_bills(
    assembly: Path, folder: Path, *, engine: str, environment: Mapping[str, str] | None = None
) -> list[Path]:
    """Write ``<stack>-<asset>.cdx.json`` into ``folder`` for every image of ``assembly``. Raises LocalError."""
    bills = {
        name: bill_of_materials(image, engine=engine, environment=environment)
        for name, image in images_of(assembly).items()
    }
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, bill in bills.items():
        written.append(folder / f"{name}.cdx.json")
        written[-1].write_text(json.dumps(bill, indent=2) + "\n", encoding="utf-8")
    return written


def main() -> int:
    """Write the bills of the last deploy from this checkout."""
    parser = argparse.ArgumentParser(prog="python -m local.sbom", description=__doc__)
    parser.add_argument("--assembly", type=Path, default=REPOSITORY / "cdk.out", help="what cdk synthesised")
    parser.add_argument("--folder", type=Path, default=REPOSITORY / "build" / "sbom", help="where the bills go")
    parser.add_argument("--engine", help="default: as for a deploy")
    options = parser.parse_args()
    return ended(lambda: _write(options.assembly, options.folder, options.engine or builder(os.environ)))


def _write(assembly: Path, folder: Path, engine: str) -> int:
    for file in write_bills(assembly, folder, engine=engine):
        sys.stdout.write(f"{file}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
