"""Which framework opens which file."""

from __future__ import annotations

import importlib
import pickle
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol, cast

from cli.packaging.source import Source, SourceRefused


class _FileModule(Protocol):
    """A module that opens files of its framework's own format."""

    def from_file(self, file: Path) -> Source: ...


class _ObjectModule(Protocol):
    """A module that knows objects of its framework, as a pickle holds them."""

    def from_object(self, model: object) -> Source | None: ...


class Format(NamedTuple):
    """A file format. ``module``: below ``cli.packaging.sources``; None for one that holds any framework's objects.

    ``extra``: what `pip install` brings for it. ``runs_code``: opening it may run code that stands in it.
    """

    module: str | None
    extra: str
    runs_code: bool = False


FORMATS: Final[Mapping[str, Format]] = {
    ".onnx": Format("onnx_file", "package"),
    ".pkl": Format(None, "sklearn", runs_code=True),
    ".pickle": Format(None, "sklearn", runs_code=True),
    ".joblib": Format(None, "sklearn", runs_code=True),
    ".skops": Format(None, "sklearn"),
    ".json": Format("xgboost_file", "xgboost"),
    ".ubj": Format("xgboost_file", "xgboost"),
    ".txt": Format("lightgbm_file", "lightgbm"),
    ".cbm": Format("catboost_file", "catboost"),
    ".pt2": Format("torch_module", "torch", runs_code=True),  # it may hold pickles beside the program
    ".pt": Format("torch_module", "torch", runs_code=True),
    ".pth": Format("torch_module", "torch", runs_code=True),
    ".keras": Format("keras_model", "keras", runs_code=True),
}
SUFFIXES: Final = tuple(FORMATS)

_OBJECTS: Final = {
    "xgboost": ("xgboost_file", "xgboost"),
    "lightgbm": ("lightgbm_file", "lightgbm"),
    "catboost": ("catboost_file", "catboost"),
    "keras": ("keras_model", "keras"),  # whose models are torch's, too
    "torch": ("torch_module", "torch"),
    "sklearn": ("sklearn_estimator", "sklearn"),
}
"""Package that an object's class comes from -> module and extra. The last takes what the others leave."""


def open_source(file: Path, *, trust: Callable[[str], bool]) -> Source:
    """The trained model in ``file``.

    Args:
        file: One whose suffix is in ``SUFFIXES``.
        trust: Asked, with one line that says why, before a file is opened that may run code; whether to go on.

    Raises:
        SourceRefused: it cannot be opened, is not trusted, is of no known framework, or a package is missing.
    """
    known = FORMATS.get(file.suffix.lower())
    if known is None:
        raise SourceRefused(f"{file}: unknown kind of model; expected a file ending in {', '.join(SUFFIXES)}")
    if not file.is_file():
        raise SourceRefused(f"{file}: is not there" if not file.exists() else f"{file}: is no file")
    if file.stat().st_size == 0:
        raise SourceRefused(f"{file}: is empty")
    if known.runs_code and not trust(
        f"{file} can run any code when it is opened; open it only if you know who made it"
    ):
        raise SourceRefused(f"{file}: is not opened; --trust opens it, and runs what code it holds")
    if known.module is not None:
        return cast("_FileModule", _module(known.module, known.extra, file)).from_file(file)
    return _of_object(_load(file), file)


def _load(file: Path) -> object:
    """The object in a pickle, a joblib or a skops file."""
    loaders: dict[str, Callable[[Path], Any]] = {".joblib": _joblib, ".skops": _skops}
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            loaded: object = loaders.get(file.suffix.lower(), _pickle)(file)
        _refuse_another_version(file, said)
        return loaded
    except SourceRefused:
        raise
    except ModuleNotFoundError as error:
        raise SourceRefused(f"{file}: needs the package {error.name!r}, which is not installed here") from None
    except Exception as error:  # noqa: BLE001 - a pickle raises whatever its content raises
        reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        raise SourceRefused(f"{file}: cannot be opened, it may be cut short or damaged ({reason})") from None


def _refuse_another_version(file: Path, said: Iterable[warnings.WarningMessage]) -> None:
    """An estimator that another version of scikit-learn saved may answer otherwise than it did there."""
    for each in said:
        saved = getattr(each.message, "original_sklearn_version", None)
        here = getattr(each.message, "current_sklearn_version", None)
        if saved is not None and saved.split(".")[:2] != str(here).split(".")[:2]:
            message = f"was saved by scikit-learn {saved}, and this is {here}, where it may answer otherwise"
            raise SourceRefused(f"{file}: {message}; `.venv/bin/pip install scikit-learn=={saved}`, or save it anew")


def _pickle(file: Path) -> object:
    with file.open("rb") as opened:
        return pickle.load(opened)  # noqa: S301 - the user was asked


def _joblib(file: Path) -> object:
    import joblib

    return joblib.load(file)


def _skops(file: Path) -> object:
    from skops import io

    unknown = io.get_untrusted_types(file=file)
    if unknown:
        named = ", ".join(sorted(unknown)[:5])
        raise SourceRefused(f"{file}: holds types that skops does not know to be safe: {named}")
    return io.load(file)


def _of_object(model: object, file: Path) -> Source:
    for package, (module, extra) in _OBJECTS.items():
        if package != "sklearn" and package not in sys.modules:  # what was not imported made no part of it
            continue
        source = cast("_ObjectModule", _module(module, extra, file)).from_object(model)
        if source is not None:
            return source
    kind = f"{type(model).__module__}.{type(model).__qualname__}"
    raise SourceRefused(f"{file}: holds a {kind}, no estimator; save the fitted model or pipeline itself")


def _module(name: str, extra: str, file: Path) -> object:
    try:
        return importlib.import_module(f"cli.packaging.sources.{name}")
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.startswith("cli."):
            raise
        message = f"{file}: needs {error.name}, which is not installed; `.venv/bin/pip install -e '.[{extra}]'`"
        raise SourceRefused(message) from None
