"""The container engine as tests use it: the functions' images, built and run; and what to do where there is none."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local.containers import PodmanService
from local.image import ImageProcess, ImageSettings, build_image
from local.sbom import bill_of_materials


def need_images() -> None:
    """Skip, with what is missing, on a machine that cannot build images; in CI go on, and fail."""
    missing = [program for program in ("podman", "debootstrap") if shutil.which(program) is None]
    if os.geteuid():
        missing.append("root")
    if missing and not os.environ.get("CI"):
        pytest.skip(f"needs {' and '.join(missing)} to build and run images")


@dataclass(frozen=True)
class Engine:
    """Podman, and the base that the project's images are built on."""

    podman: PodmanService
    base: str
    repository: Path

    def build(self, function: str, *, model: str = "", signer: str = "", project: Path | None = None) -> str:
        """The image of ``functions/<function>``, with ``model`` and ``signer`` where it takes them.

        ``project``: what it is built from, if not the repository.
        """
        root = project or self.repository
        arguments = {"MODEL": model, "SIGNER": signer}
        return build_image(
            root / "functions" / function / "Dockerfile",
            root,
            name=f"localhost/serin/{function}:{model or 'test'}",
            base=self.base,
            environment=self.podman.environment,
            options=tuple(
                word for name, value in arguments.items() if value for word in ("--build-arg", f"{name}={value}")
            ),
        )

    def start(self, image: str, **settings: Any) -> ImageProcess:
        """``image`` under its interface emulator, for a ``with`` statement; ``settings`` as ``ImageSettings`` takes."""
        return ImageProcess(ImageSettings(image=image, **settings), self.podman.environment)

    def bill(self, image: str) -> dict[str, Any]:
        """The bill of materials of ``image``."""
        return bill_of_materials(image, engine="podman", environment=self.podman.environment)
