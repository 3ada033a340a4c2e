"""Finds, opens and checks ONNX Runtime's shared library, the one that its Python package carries.

The package itself is not imported: its binding needs numpy, and is a second copy of the whole runtime.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

# Both before the library is opened: it phones home by default, and a model's own metadata could set session options.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
os.environ.pop("ORT_LOAD_CONFIG_FROM_MODEL", None)

from serin.engine.c_api import API_VERSION, Api

_FOLDER: Final = os.path.join("onnxruntime", "capi")
_PREFIX: Final = "libonnxruntime."  # so.<version> on Linux, <version>.dylib on macOS


class Library(NamedTuple):
    """The opened library: its own version, as ``1.31.1``, and its functions."""

    version: str
    api: Api


def find_library(path: Iterable[str]) -> str:
    """The library's file, in the first folder of ``path`` (as ``sys.path``) whose package ``onnxruntime`` has one.

    Raises:
        ImportError: there is none.
    """
    for entry in path:
        folder = os.path.join(entry, _FOLDER)
        try:
            names = os.listdir(folder)
        except OSError:
            continue
        for name in names:
            if name.startswith(_PREFIX):
                return os.path.join(folder, name)
    raise ImportError(f"no {_FOLDER}/{_PREFIX}* on sys.path; install the package onnxruntime, on Linux or macOS")


def open_library(file: str) -> Library:
    """Open the library and check that it is what its name says, and that it has the functions that are called.

    Raises:
        ImportError: it cannot be opened, is another version, or is too old.
    """
    try:
        functions = ctypes.CDLL(file)
        get_base = functions.OrtGetApiBase
    except (OSError, AttributeError) as error:
        raise ImportError(f"{file} cannot be opened as ONNX Runtime's library; install onnxruntime again") from error
    get_base.argtypes, get_base.restype = (), ctypes.c_void_p
    # struct OrtApiBase: GetApi, GetVersionString.
    base = (ctypes.c_void_p * 2).from_address(get_base())
    version = _call(base[1], ctypes.c_char_p).decode()
    table = _call(base[0], ctypes.c_void_p, ctypes.c_uint32(API_VERSION)) if _is_new_enough(version) else None
    if not table:
        raise ImportError(f"{file} is ONNX Runtime {version}; version 1.{API_VERSION} or later is needed")
    if not file.endswith((f"{_PREFIX}so.{version}", f"{_PREFIX}{version}.dylib")):
        raise ImportError(f"{file} says that it is ONNX Runtime {version}; install onnxruntime again")
    return Library(version, Api(table))


def _is_new_enough(version: str) -> bool:
    """Asked for a version that it does not have, the library prints a line of its own."""
    major, minor, *_ = version.split(".")
    return (int(major), int(minor)) >= (1, API_VERSION)


def _call(address: int | None, result: Any, *arguments: Any) -> Any:
    return ctypes.PYFUNCTYPE(result)(address)(*arguments)  # type: ignore[arg-type]


RUNTIME_VERSION, API = open_library(find_library(sys.path))
