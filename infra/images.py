"""Container images, each built from a view of the repository that holds its own files and no others.

So a change of one model's folder, or of one function, leaves the digests of all other images alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_lambda as lambda_

from serin.model_folder import SIGNATURE_FILE
from serin.signer import Signer

_PLATFORMS: Final = {
    "x86_64": ecr_assets.Platform.LINUX_AMD64,
    "arm64": ecr_assets.Platform.LINUX_ARM64,
}
_ARCHITECTURES: Final = {"x86_64": lambda_.Architecture.X86_64, "arm64": lambda_.Architecture.ARM_64}
# What a pattern that brings files back must not bring back.
_NEVER: Final = ("**/__pycache__", "**/*.pyc", "**/*.md")


def inference_image(
    root: Path, *, model: str, base_image: str, architecture: str, signer: Signer | None
) -> lambda_.DockerImageCode:
    """The runtime and one model's folder, which ``signer`` must have signed, if one must."""
    view = ("models/**", f"!models/{model}/**", *_NEVER)
    arguments = {"BASE_IMAGE": base_image, "MODEL": model}
    if signer is None:
        # To sign a model changes no image that asks for no signature.
        return _image(root, "inference", (*view, f"models/*/{SIGNATURE_FILE}"), architecture, arguments)
    # The signature is of the folder's texts, too.
    return _image(
        root, "inference", (*view, f"!models/{model}/*.md"), architecture, {**arguments, "SIGNER": signer.text}
    )


def catalog_image(root: Path, *, base_image: str) -> lambda_.DockerImageCode:
    """The control plane and what all models declare, without their artefacts."""
    declarations = ("models/**", "!models/*/model.yaml", "!models/*/model.lock.json", *_NEVER)
    return _image(root, "catalog", declarations, "x86_64", {"BASE_IMAGE": base_image})


def authorizer_image(root: Path, *, base_image: str) -> lambda_.DockerImageCode:
    """The check of bearer tokens."""
    return _image(root, "authorizer", ("models/**", "layers/**", *_NEVER), "x86_64", {"BASE_IMAGE": base_image})


def lambda_architecture(name: str) -> lambda_.Architecture:
    """``x86_64`` or ``arm64``, as the library names it."""
    return _ARCHITECTURES[name]


def _image(
    root: Path, function: str, view: tuple[str, ...], architecture: str, build_args: Mapping[str, str]
) -> lambda_.DockerImageCode:
    return lambda_.DockerImageCode.from_image_asset(
        str(root),
        file=f"functions/{function}/Dockerfile",
        build_args=build_args,
        platform=_PLATFORMS[architecture],
        # After .dockerignore, in its language; the last match decides.
        exclude=["functions/**", "!functions/entrypoint.sh", f"!functions/{function}/**", *view],
    )
