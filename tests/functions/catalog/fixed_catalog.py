"""A catalogue in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from functions.catalog.catalog import ModelStatus, Share
from serin.manifest import Manifest
from tests.functions.catalog.sample_manifests import MANIFESTS


class FixedCatalog:
    """``unready`` names the models that cannot answer."""

    def __init__(self, manifests: Sequence[Manifest] = MANIFESTS, unready: frozenset[str] = frozenset()) -> None:
        self._manifests = manifests
        self._unready = unready

    def manifests(self) -> Sequence[Manifest]:
        return self._manifests

    def status(self) -> Mapping[str, ModelStatus]:
        return {
            manifest.name: ModelStatus(
                ready=manifest.name not in self._unready, serving=(Share(version=manifest.version, weight=1.0),)
            )
            for manifest in self._manifests
        }
