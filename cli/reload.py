"""`serin serve --reload`: models that change on disk take the place of those that are served."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cli.models import load_signed
from serin.errors import SerinError
from serin.model_folder import MANIFEST_FILE
from serin.service import Model, Service
from serin.signer import Signer

_INTERVAL_S: Final = 0.5

Fingerprint = tuple[tuple[str, int, int, int], ...]
"""Name, modification time in ns, size in bytes and inode of each file."""


def fingerprints(models: Path) -> dict[Path, Fingerprint]:
    """The model folders of ``models`` and what tells whether they changed."""
    return {file.parent: _fingerprint(file.parent) for file in sorted(models.glob(f"*/{MANIFEST_FILE}"))}


def _fingerprint(folder: Path) -> Fingerprint:
    found = []
    for file in sorted(folder.iterdir()):
        try:
            state = file.stat()
        except FileNotFoundError:
            continue
        found.append((file.name, state.st_mtime_ns, state.st_size, state.st_ino))
    return tuple(found)


class Reloader:
    """Watches a models folder by looking at it twice a second, which works on every file system.

    A model that loads replaces the one before it at once, for all requests that begin after that; one that does not
    load, or that ``signer`` has not signed where there is one, is reported and the one before it keeps serving.
    """

    def __init__(
        self,
        models: Path,
        loaded: dict[Path, Model],
        judged: dict[Path, Fingerprint],
        *,
        signer: Signer | None = None,
        publish: Callable[[Service], None],
        report: Callable[[str], None],
    ) -> None:
        self._models = models
        self._loaded = dict(loaded)
        self._judged = judged
        self._seen = judged
        self._signer = signer
        self._publish = publish
        self._report = report

    def start(self) -> None:
        """Look on, in the background, for as long as the process lives."""
        threading.Thread(target=self._watch, name="reload", daemon=True).start()

    def look(self) -> None:
        """Compare once. A change counts when two looks see the same: a copy may be under way."""
        seen = fingerprints(self._models)
        settled, self._seen = seen == self._seen, seen
        if not settled or seen == self._judged:
            return
        changed = [folder for folder, fingerprint in seen.items() if self._judged.get(folder) != fingerprint]
        self._judged = seen
        news = [*filter(None, (self._load(folder) for folder in changed)), *self._forget(seen)]
        if news:
            self._publish(Service(self._loaded.values()))
        for line in news:
            self._report(line)

    def _load(self, folder: Path) -> str | None:
        try:
            model = load_signed(folder, self._signer)
        except SerinError as error:
            before = self._loaded.get(folder)
            kept = f"version {before.version} keeps serving" if before else "it is not served"
            self._report(f"{error.message}; {kept}")
            return None
        self._loaded[folder] = model
        return f"{model.name} {model.version} is served now"

    def _forget(self, seen: dict[Path, Fingerprint]) -> list[str]:
        gone = [folder for folder in self._loaded if folder not in seen]
        if gone and not seen:
            self._report(f"{self._models} holds no model any more; what was loaded keeps serving")
            return []
        return [f"{self._loaded.pop(folder).name} is no longer served; its folder is gone" for folder in gone]

    def _watch(self) -> None:
        pause = threading.Event()
        while not pause.wait(_INTERVAL_S):
            try:
                self.look()
            except OSError as error:
                self._report(f"{self._models} cannot be read ({error.strerror}); what was loaded keeps serving")
