"""LightGBM boosters: `.txt` files that `save_model` wrote, and `Booster` objects."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import lightgbm

from cli.packaging.source import Source, SourceRefused
from cli.packaging.sources import lightgbm_trees
from cli.packaging.sources.boosted_source import BoostedSource, two_columns
from serin.protocol import Datatype

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_NAMELESS: Final = re.compile(r"Column_\d+")
"""What the library calls a column that had no name."""
_WRITE: Final = "write it with Booster.save_model"
_TREES_END, _END = "\nend of trees\n", "\nend of parameters\n"


def from_file(file: Path) -> Source:
    """The booster in ``file``.

    Raises:
        SourceRefused: it is none, it is damaged, or it has what cannot be converted.
    """
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise SourceRefused(f"{file}: is no LightGBM model; {_WRITE}") from None
    _refuse_damage(file, text)
    try:
        if not lightgbm_trees.is_whole(lightgbm_trees.content_of(text)):
            raise ValueError("a tree lacks some of its lists")
        return _LightgbmSource(lightgbm.Booster(model_str=text))
    except SourceRefused as refusal:
        raise SourceRefused(f"{file}: {refusal}") from None
    except (lightgbm.basic.LightGBMError, ValueError, KeyError, IndexError):
        raise SourceRefused(f"{file}: is a damaged LightGBM model; {_WRITE}") from None


def _refuse_damage(file: Path, text: str) -> None:
    """Refuse what LightGBM would read beyond its end: it trusts the sizes in its files, and dies by a signal."""
    if not text.startswith("tree\n"):
        raise SourceRefused(f"{file}: is no LightGBM model; {_WRITE}")
    header, _, trees = text.partition("\nTree=")
    trees, ended, rest = trees.partition(_TREES_END)
    if not ended or _END not in rest:
        raise SourceRefused(f"{file}: is a LightGBM model that is cut short; {_WRITE}")
    sizes = re.search(r"^tree_sizes=([\d ]*)$", header, re.MULTILINE)
    due = sum(map(int, sizes[1].split())) if sizes else -1
    if due != len(f"Tree={trees}\n".encode()):
        raise SourceRefused(f"{file}: is a damaged LightGBM model, its trees are not as long as it says; {_WRITE}")


def from_object(model: object) -> Source | None:
    """A bare `Booster`; None for others. `LGBMClassifier` and the like are scikit-learn's estimators, and go that way.

    Raises:
        SourceRefused: it has what cannot be converted.
    """
    return _LightgbmSource(model) if isinstance(model, lightgbm.Booster) else None


class _LightgbmSource(BoostedSource):
    datatype = Datatype.FP64

    def __init__(self, booster: lightgbm.Booster) -> None:
        content = lightgbm_trees.content_of(booster.model_to_string())
        ensemble = lightgbm_trees.ensemble_of(content)
        self._booster = booster
        super().__init__(
            framework=f"LightGBM {lightgbm.__version__}",
            tools=("lightgbm",),
            names=None if all(map(_NAMELESS.fullmatch, content.names)) else content.names,
            ensemble=ensemble,
            labels=[str(place) for place in range(ensemble.classes)] or None,
        )

    def _answers(self, features: Array) -> tuple[Array, Array | None]:
        import numpy as np

        values = np.asarray(self._booster.predict(features))
        return (two_columns(values) if self._ensemble.classes == 2 and values.ndim == 1 else values), None
