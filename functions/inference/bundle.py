"""The code of all modules that a start imports, in one file: ``python -m functions.inference.bundle FILE`` writes it.

One file is read where about a hundred would be looked for, opened and read; where an image is fetched as it is read,
each of those may wait. The modules are the image's own, by their names and places: a traceback shows their lines. What
is not in the bundle (extensions, modules of error paths) is imported as ever.
"""

from __future__ import annotations

import marshal
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import CodeType, ModuleType

_MARK = f"{sys.version}\n".encode()
"""Marshalled code is for the Python that marshalled it, and no other."""

Entry = tuple[list[str] | None, str, bytes]
"""Folders of a package or None, the source file, and its code, marshalled."""


class Bundle:
    """Finds and executes the modules of one bundle."""

    def __init__(self, entries: dict[str, Entry]) -> None:
        self._entries = entries

    def find_spec(self, name: str, _path: Sequence[str] | None = None, _target: object = None) -> ModuleSpec | None:
        """As ``importlib.abc.MetaPathFinder``."""
        entry = self._entries.get(name)
        if entry is None:
            return None
        folders, source, _ = entry
        spec = ModuleSpec(name, self, origin=source, is_package=folders is not None)  # type: ignore[arg-type]
        spec.submodule_search_locations = folders
        spec.has_location = True
        return spec

    def create_module(self, _spec: ModuleSpec) -> ModuleType | None:
        """As ``importlib.abc.Loader``: a plain module."""
        return None

    def exec_module(self, module: ModuleType) -> None:
        """As ``importlib.abc.Loader``."""
        exec(marshal.loads(self._entries[module.__name__][2]), module.__dict__)  # noqa: S102, S302 - the image's code


def install(file: str) -> None:
    """Import from the bundle in ``file`` first; nothing where there is none, or another Python wrote it."""
    try:
        with open(file, "rb") as opened:
            data = opened.read()
    except FileNotFoundError:
        return
    if data.startswith(_MARK):
        sys.meta_path.insert(0, Bundle(marshal.loads(data[len(_MARK) :])))  # noqa: S302 - the image's code


def write(file: str) -> None:
    """Write the bundle of what a start imports; ``SERIN_MODELS_DIR`` names a folder of models that it can serve."""
    from importlib import import_module

    for program in ("awslambdaric.__main__", "functions.inference.handler"):
        import_module(program)

    entries = {name: entry for name, module in tuple(sys.modules.items()) if (entry := _entry(module)) is not None}
    with open(file, "wb") as opened:
        opened.write(_MARK + marshal.dumps(entries))


def _entry(module: object) -> Entry | None:
    """None for what is built in, frozen or an extension, for this program, and for what is no module."""
    if not isinstance(module, ModuleType) or module.__name__ == "__main__":
        return None
    spec = module.__spec__
    if spec is None or spec.origin is None or not (spec.has_location and spec.origin.endswith(".py")):
        return None
    code: CodeType | None = spec.loader.get_code(spec.name) if hasattr(spec.loader, "get_code") else None  # type: ignore[union-attr]
    folders = None if spec.submodule_search_locations is None else list(spec.submodule_search_locations)
    return None if code is None else (folders, spec.origin, marshal.dumps(code))


if __name__ == "__main__":
    write(sys.argv[1])
