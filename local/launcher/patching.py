"""Replace names of the emulator, and stop with one clear line where a name is not what the pinned version has."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from typing import Any, Final

VERSION: Final = "1.5.33"


class Mismatch(Exception):
    """The installed emulator is not the one that the lessons were written for."""


def check_version() -> None:
    """Raises Mismatch on any other version of the emulator."""
    found = version("ministack")
    if found != VERSION:
        message = f"ministack is {found}; the lessons of local/launcher are written for {VERSION}"
        raise Mismatch(message)


def service(name: str) -> Any:
    """A service module of the emulator, ``lambda_svc`` for instance."""
    return import_module(f"ministack.services.{name}")


def wrap(module: Any, name: str, around: Callable[[Any], Any]) -> None:
    """Replace ``module.name`` by ``around(original)``. Raises Mismatch where the name is missing."""
    setattr(module, name, around(existing(module, name)))


def existing(module: Any, name: str) -> Any:
    """``module.name``. Raises Mismatch where it is missing."""
    if not hasattr(module, name):
        message = f"ministack {VERSION}: {module.__name__} has no {name}; a lesson of local/launcher needs it"
        raise Mismatch(message)
    return getattr(module, name)
