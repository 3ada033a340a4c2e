"""What the control plane must know of the models, wherever they run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from serin.manifest import Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A version of a model and the share of its traffic that it answers, over 0 and up to 1.

    ``deployment`` tells two deployments of one version apart, where there can be several.
    """

    version: str
    weight: float
    deployment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelStatus:
    """Whether a model can answer now, and who answers; nobody known where that cannot be found out."""

    ready: bool
    serving: tuple[Share, ...]


class Catalog(Protocol):
    """The models of one endpoint."""

    def manifests(self) -> Sequence[Manifest]:
        """Every model's manifest, in the order in which they are shown."""

    def status(self) -> Mapping[str, ModelStatus]:
        """By model's name. May block for some seconds; never raises."""
