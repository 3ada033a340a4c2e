"""What the control plane must know of the models, wherever they run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from serin.manifest import Manifest


class Catalog(Protocol):
    """The models of one endpoint."""

    def manifests(self) -> Sequence[Manifest]:
        """Every model's manifest, in the order in which they are shown."""

    def ready(self) -> Mapping[str, bool]:
        """By model's name: whether it can answer now. May block for some seconds; never raises."""
