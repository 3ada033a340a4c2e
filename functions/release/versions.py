"""Which function version is meant by what people call it, as far as the records of a model's releases tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from serin.release.orders import Refused
from serin.release.record import Release, Status

_SHOWN: Final = 5


class Released:
    """The function versions in ``releases``, which are of one model, newest first."""

    def __init__(self, model: str, releases: Sequence[Release]) -> None:
        self._model = model
        # The release that has brought a version knows best what it is.
        self._known = {each.stable: each.stable_model_version for each in releases}
        self._known |= {each.new: each.model_version for each in releases}
        had_all = (each.new for each in releases if each.status is Status.PROMOTED)
        self._served = {*had_all, *(each.stable for each in releases)}

    def newest(self) -> str:
        """The highest number. Raises Refused where nothing was released yet."""
        if not self._known:
            raise Refused(f"{self._model} has no release yet; `make deploy` makes the first")
        return max(self._known, key=rank)

    def named(self, name: str, *, served: bool = False) -> str:
        """The number of the version that is called ``name``: by its number, or by the model's version, the newest one.

        ``served``: of several of the same model version, rather one that has had all of the traffic.

        Raises:
            Refused: no release knows it.
        """
        if name in self._known:
            return name
        found = [version for version, model_version in self._known.items() if model_version == name]
        if not found:
            raise Refused(f"{self._model} has released no version {name!r}; the last ones are {self._last()}")
        proven = [version for version in found if version in self._served] if served else []
        return max(proven or found, key=rank)

    def model_version(self, version: str) -> str:
        """The model's own version of a function version that is known here."""
        return self._known[version]

    def _last(self) -> str:
        versions = sorted(self._known, key=rank, reverse=True)[:_SHOWN]
        return ", ".join(f"{self._known[version]} ({version})" for version in versions)


def rank(version: str) -> int:
    """For comparing: the higher, the newer. ``$LATEST``, which only a hand sets, is older than all."""
    return int(version) if version.isdecimal() else 0
