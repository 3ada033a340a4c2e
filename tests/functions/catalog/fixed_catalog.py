"""A catalogue in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from serin.manifest import Manifest
from tests.functions.catalog.sample_manifests import MANIFESTS


class FixedCatalog:
    """``unready`` names the models that cannot answer."""

    def __init__(self, manifests: Sequence[Manifest] = MANIFESTS, unready: frozenset[str] = frozenset()) -> None:
        self._manifests = manifests
        self._unready = unready

    def manifests(self) -> Sequence[Manifest]:
        return self._manifests

    def ready(self) -> Mapping[str, bool]:
        return {manifest.name: manifest.name not in self._unready for manifest in self._manifests}
