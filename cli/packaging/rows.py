"""Data to package a model with: a table of named columns, or arrays for a model that takes tensors."""

from __future__ import annotations

import difflib
import hashlib
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cli.packaging.source import SourceRefused

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Array = np.ndarray[Any, Any]

SUFFIXES: Final = (".csv", ".parquet", ".npz")


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Rows of data, in the file's order.

    ``table``: named columns; None for a model that takes tensors. ``tensors``: what goes into the ONNX model, by input;
    the first axis is the rows, texts are ``str`` in an array of objects. ``target``: what was to be learned, if it is
    known: [rows], or [rows, targets].
    """

    table: pd.DataFrame | None = None
    tensors: Mapping[str, Array] = field(default_factory=dict)
    target: Array | None = None

    def __len__(self) -> int:
        return len(self.table) if self.table is not None else len(next(iter(self.tensors.values())))

    def take(self, places: Sequence[int] | Array) -> Rows:
        """The rows at ``places``, in that order."""
        return replace(
            self,
            table=None if self.table is None else self.table.iloc[places].reset_index(drop=True),
            tensors={name: values[places] for name, values in self.tensors.items()},
            target=None if self.target is None else self.target[places],
        )


@dataclass(frozen=True, kw_only=True)
class DataFile:
    """Rows and where they are from. ``sha256``: of the file's bytes."""

    name: str
    sha256: str
    rows: Rows


def read_data(file: Path, target: Sequence[str] = ()) -> DataFile:
    """Read a .csv, .parquet or .npz file.

    Args:
        file: Of a table, a row a line and a header; or of arrays by name, rows along their first axis.
        target: Columns (or the one array) that hold what was to be learned.

    Raises:
        SourceRefused: it cannot be read, is empty, lacks a target, or a target has missing values.
    """
    if file.suffix not in SUFFIXES:
        raise SourceRefused(f"{file}: expected a file ending in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}")
    try:
        with file.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise SourceRefused(f"{file}: cannot be read ({error.strerror})") from None
    rows = _arrays(file, target) if file.suffix == ".npz" else _table(file, target)
    return DataFile(name=file.name, sha256=digest, rows=rows)


def _arrays(file: Path, target: Sequence[str]) -> Rows:
    import numpy as np

    try:
        with np.load(file, allow_pickle=False) as opened:
            arrays = dict(opened.items()) if isinstance(opened, np.lib.npyio.NpzFile) else {}
    except (OSError, ValueError, TypeError, EOFError, zipfile.BadZipFile, zlib.error):  # one array alone is a TypeError
        message = "is no .npz file of plain arrays; write it with numpy.savez, numbers and texts alone"
        raise SourceRefused(f"{file}: {message}") from None
    lengths = {name: len(values) if values.ndim else 0 for name, values in arrays.items()}
    if not lengths or 0 in lengths.values():
        raise SourceRefused(f"{file}: holds no row; save arrays by name, with the rows along their first axis")
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise SourceRefused(f"{file}: its arrays differ in their number of rows: {told}")
    held = [arrays.pop(_known(name, arrays, file, "array")) for name in target]
    if not arrays:
        raise SourceRefused(f"{file}: holds the target and nothing to predict it from")
    return Rows(tensors=arrays, target=_target(file, target, held))


def _table(file: Path, target: Sequence[str]) -> Rows:
    import pandas as pd

    read: dict[str, Callable[[Path], pd.DataFrame]] = {
        ".csv": lambda path: pd.read_csv(path, low_memory=False),
        ".parquet": pd.read_parquet,
    }
    try:
        table = read[file.suffix](file)
    except ImportError as error:
        raise SourceRefused(f"{file}: {error.name} is needed to read it; `pip install -e '.[package]'`") from None
    except (OSError, ValueError, UnicodeDecodeError) as error:  # what pandas and pyarrow raise are kinds of ValueError
        raise SourceRefused(f"{file}: cannot be read as {file.suffix[1:]} ({error})") from None
    if table.empty:
        raise SourceRefused(f"{file}: holds no row")
    table.columns = table.columns.map(str)
    if not table.columns.is_unique:
        raise SourceRefused(f"{file}: column {table.columns[table.columns.duplicated()][0]!r} stands twice")
    held = [table.pop(_known(name, table.columns, file, "column")).to_numpy() for name in target]
    return Rows(table=table, target=_target(file, target, held))


def _known(name: str, names: Mapping[str, Any] | pd.Index[Any], file: Path, kind: str) -> str:
    if name in names:
        return name
    close = difflib.get_close_matches(name, list(names), n=1)
    hint = f"; did you mean {close[0]!r}?" if close else f"; it has {', '.join(list(names)[:10])}"
    raise SourceRefused(f"{file}: has no {kind} {name!r}{hint}")


def _target(file: Path, names: Sequence[str], held: list[Array]) -> Array | None:
    import numpy as np
    import pandas as pd

    for name, values in zip(names, held, strict=True):
        missing = int(np.sum(pd.isna(values)))
        if missing:
            raise SourceRefused(f"{file}: target {name!r} has no value in {missing} rows; leave these rows out")
    if not held:
        return None
    return held[0] if len(held) == 1 else np.column_stack(held)
