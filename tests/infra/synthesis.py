"""Projects to synthesise, and what comes out: templates and image assets of each stack."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aws_cdk as cdk
import yaml
from aws_cdk.cx_api import CloudFormationStackArtifact

from app import add_stacks
from infra.config import Stage
from tests.small_models.multiply import write_multiply

REPOSITORY: Final = Path(__file__).resolve().parents[2]
SCRATCH: Final = shutil.ignore_patterns("__pycache__", "*.egg-info")

Resource = Mapping[str, Any]


def copy_project(root: Path) -> Path:
    """A project without models: all that the images and the zip function are built from."""
    shutil.copytree(REPOSITORY / "functions", root / "functions", ignore=SCRATCH)
    runtime = Path("layers", "runtime", "python")
    shutil.copytree(REPOSITORY / runtime, root / runtime, ignore=SCRATCH)
    shutil.copy(REPOSITORY / ".dockerignore", root)
    return root


def write_model(root: Path, name: str, version: str = "1.0.0", factor: float = 2, **sections: Any) -> Path:
    """A model folder with further ``sections`` in its manifest, laid over the small model's own."""
    folder = write_multiply(root / "models", name, version, factor)
    manifest = yaml.safe_load((folder / "model.yaml").read_text())
    for section, values in sections.items():
        manifest[section] = manifest.get(section, {}) | values
    (folder / "model.yaml").write_text(yaml.safe_dump(manifest, sort_keys=False))
    return folder


@dataclass(frozen=True)
class ImageSource:
    """What an image is built from, as ``docker build`` will be told; ``tags``: registries and tags it is pushed to."""

    context: Path
    dockerfile: str
    arguments: Mapping[str, str]
    platform: str
    tags: frozenset[tuple[str, str]]

    def files(self) -> set[str]:
        """Every file of the build context, as a path from its root."""
        return {str(path.relative_to(self.context)) for path in self.context.rglob("*") if path.is_file()}


@dataclass(frozen=True)
class StackTemplate:
    """One stack's template, and by digest the assets that its deploy publishes: images, and zips of functions."""

    name: str
    body: Mapping[str, Any]
    tags: Mapping[str, str]
    protected: bool
    destination: str
    images: Mapping[str, ImageSource]
    zips: frozenset[str]

    @property
    def resources(self) -> Mapping[str, Resource]:
        resources: Mapping[str, Resource] = self.body["Resources"]
        return resources

    def of_type(self, kind: str) -> Mapping[str, Resource]:
        """Resources of CloudFormation type ``kind``, by logical id."""
        return {name: resource for name, resource in self.resources.items() if resource["Type"] == kind}

    def properties(self, kind: str, **wanted: Any) -> Mapping[str, Any]:
        """Properties of the one resource of ``kind`` whose properties hold ``wanted``."""
        found = [
            resource["Properties"]
            for resource in self.of_type(kind).values()
            if wanted.items() <= {key: _hashable(value) for key, value in resource["Properties"].items()}.items()
        ]
        assert len(found) == 1, f"{len(found)} of {kind} with {wanted} in {self.name}"
        properties: Mapping[str, Any] = found[0]
        return properties


def _hashable(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool) else json.dumps(value)


class Synthesis(dict[str, StackTemplate]):
    """Stacks by the last part of their names: ``Platform``, ``Model-{name}``, ``Catalog``, ``Api``."""

    def every_resource(self) -> Iterator[tuple[str, Resource]]:
        """Each resource of each stack, with ``stack/logical id``."""
        for stack in self.values():
            for name, resource in stack.resources.items():
                yield f"{stack.name}/{name}", resource


def context() -> dict[str, Any]:
    """The settings that the CDK command line gives the app."""
    settings: dict[str, Any] = json.loads((REPOSITORY / "cdk.json").read_text())["context"]
    return settings


def synthesise(stage: Stage, root: Path, output: Path) -> Synthesis:
    """Synthesise ``stage`` of the project in ``root``; an open finding of cdk-nag raises."""
    app = cdk.App(analytics_reporting=False, context=context(), outdir=str(output))
    add_stacks(app, stage=stage, root=root)
    assembly = app.synth()
    return Synthesis({stack.stack_name.split("-", 2)[2]: _read(stack) for stack in assembly.stacks})


def _read(stack: CloudFormationStackArtifact) -> StackTemplate:
    template = Path(stack.template_full_path)
    assets = json.loads(template.with_name(f"{stack.stack_name}.assets.json").read_text())
    zips = {digest for digest, asset in assets["files"].items() if asset["source"].get("packaging") == "zip"}
    return StackTemplate(
        name=stack.stack_name,
        tags=stack.tags,
        protected=bool(stack.termination_protection),
        destination=stack.environment.name,
        body=json.loads(template.read_text()),
        images={digest: _image(asset, template.parent) for digest, asset in assets["dockerImages"].items()},
        zips=frozenset(zips),
    )


def _image(asset: Mapping[str, Any], assembly: Path) -> ImageSource:
    source = asset["source"]
    return ImageSource(
        context=assembly / source["directory"],
        dockerfile=source["dockerFile"],
        arguments=source["dockerBuildArgs"],
        platform=source["platform"],
        tags=frozenset((place["repositoryName"], place["imageTag"]) for place in asset["destinations"].values()),
    )


def masked(body: Mapping[str, Any]) -> str:
    """The template as text without what changes with every line of code: asset digests, version and deployment ids."""
    text = json.dumps(body, indent=2, sort_keys=True) + "\n"
    text = re.sub(r"\b[0-9a-f]{64}\b", "<digest>", text)
    return re.sub(r"((?:CurrentVersion|Deployment)[0-9A-F]{8})[0-9a-f]{32}\b", r"\1<hash>", text)
