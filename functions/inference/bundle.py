"""The code of all modules that a start imports, in one file: ``python -m functions.inference.bundle FILE`` writes it.

One file is opened where about a hundred would be looked for, opened and read; where an image is fetched as it is read,
each of those may wait. The modules are the image's own, by their names and places: a traceback shows their lines. What
is not in the bundle (extensions, modules of error paths) is imported as ever.

This module finds the others, so each one that it imports itself is a file more: built in or frozen are marshal, os and
sys, and no others are imported before the bundle is there.

The file: a line that names the Python, the length of the index in four bytes, the index, the modules' code one after
the other. Code is read when its module is imported, and not kept.
"""

import marshal
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
else:
    ModuleSpec = type(sys.__spec__)

_MARK = f"{sys.version}\n".encode()
"""Marshalled code is for the Python that marshalled it, and no other."""

_LENGTH_BYTES = 4

Entry = tuple[list[str] | None, str, int, int]
"""Folders of a package or None, the source file, where its marshalled code begins among all code, and its length."""


class Bundle:
    """Finds and executes the modules of ``index``; their code begins at ``origin`` in the open file ``descriptor``."""

    def __init__(self, descriptor: int, origin: int, index: dict[str, Entry]) -> None:
        self._descriptor = descriptor
        self._origin = origin
        self._index = index

    def find_spec(self, name: str, _path: "Sequence[str] | None" = None, _target: object = None) -> ModuleSpec | None:
        """As ``importlib.abc.MetaPathFinder``."""
        entry = self._index.get(name)
        if entry is None:
            return None
        folders, source, _, _ = entry
        spec = ModuleSpec(name, self, origin=source, is_package=folders is not None)  # type: ignore[arg-type]
        spec.submodule_search_locations = folders
        spec.has_location = True
        return spec

    def create_module(self, _spec: ModuleSpec) -> "ModuleType | None":
        """As ``importlib.abc.Loader``: a plain module."""
        return None

    def exec_module(self, module: "ModuleType") -> None:
        """As ``importlib.abc.Loader``."""
        _, _, begin, length = self._index[module.__name__]
        code = marshal.loads(os.pread(self._descriptor, length, self._origin + begin))  # noqa: S302 - the image's code
        exec(code, module.__dict__)  # noqa: S102 - the same


def install(file: str) -> None:
    """Import from the bundle in ``file`` first; nothing where there is none, or another Python wrote it."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    head = os.pread(descriptor, len(_MARK) + _LENGTH_BYTES, 0)
    if head.startswith(_MARK):
        length = int.from_bytes(head[len(_MARK) :], "little")
        index = marshal.loads(os.pread(descriptor, length, len(head)))  # noqa: S302 - the image's code
        sys.meta_path.insert(0, Bundle(descriptor, len(head) + length, index))
    else:
        os.close(descriptor)


def write(file: str) -> None:
    """Write the bundle of what a start imports; ``SERIN_MODELS_DIR`` names a folder of models that it can serve."""
    from importlib import import_module

    for program in ("awslambdaric.__main__", "functions.inference.handler"):
        import_module(program)

    index: dict[str, Entry] = {}
    codes = bytearray()
    for name, module in tuple(sys.modules.items()):
        if (spec := _bundled(module)) is not None and (code := _code(spec)) is not None:
            folders = None if spec.submodule_search_locations is None else list(spec.submodule_search_locations)
            index[name] = (folders, str(spec.origin), len(codes), len(code))
            codes += code
    listed = marshal.dumps(index)
    with open(file, "wb") as opened:
        opened.write(_MARK + len(listed).to_bytes(_LENGTH_BYTES, "little") + listed + codes)


def _bundled(module: object) -> ModuleSpec | None:
    """None for what is built in, frozen or an extension, for this program, and for what is no module."""
    spec: ModuleSpec | None = getattr(module, "__spec__", None)
    if spec is None or getattr(module, "__name__", None) in (None, "__main__"):
        return None
    return spec if spec.origin and spec.has_location and spec.origin.endswith(".py") else None


def _code(spec: ModuleSpec) -> bytes | None:
    """The marshalled code of a module; None where its loader has none."""
    code = spec.loader.get_code(spec.name) if hasattr(spec.loader, "get_code") else None  # type: ignore[union-attr]
    return None if code is None else marshal.dumps(code)


if __name__ == "__main__":
    write(sys.argv[1])
