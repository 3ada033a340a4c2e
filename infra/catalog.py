"""``models/*/model.yaml`` -> manifests, checked as strictly as the runtime checks them."""

from __future__ import annotations

from pathlib import Path

from serin.admission import admit_unopened
from serin.errors import ModelFolderError
from serin.manifest import Manifest
from serin.model_folder import MANIFEST_FILE, find_model_folders
from serin.signer import Signer


def load_catalog(models: Path, signer: Signer | None = None) -> tuple[Manifest, ...]:
    """The manifest of every model folder, by name.

    Raises:
        ModelFolderError: a folder that cannot be served, or that ``signer`` has not signed, or settings that Lambda
            does not take together.
    """
    # A model is opened where its image is built.
    manifests = tuple(admit_unopened(folder, signer=signer).manifest for folder in find_model_folders(models))
    for manifest in manifests:
        _refuse_warm_canary(manifest, models)
    return manifests


def warm_canary(manifest: Manifest) -> bool:
    """Whether the model wants weights on an alias with provisioned concurrency, which Lambda refuses."""
    is_weighted = any(step < 100 for step in manifest.release.steps)
    return manifest.serving.provisioned_concurrency is not None and is_weighted


def _refuse_warm_canary(manifest: Manifest, models: Path) -> None:
    """Refused here, before anything is built."""
    if warm_canary(manifest):
        raise ModelFolderError(
            str(models / manifest.name / MANIFEST_FILE),
            "release.steps",
            "must be [100] or [], as Lambda has no weights beside serving.provisioned_concurrency; change one of them",
        )
