"""Packages trained models into a folder, as the command does."""

from __future__ import annotations

from pathlib import Path

import joblib

from cli.packaging.package import Order, Packaged, package
from tests.integration.packaging.estimators import Trained


def packaged(trained: Trained, name: str, place: Path, *, models: Path | None = None) -> Packaged:
    """``trained``, saved by joblib and its data as Parquet in ``place``, packaged into ``models`` below it."""
    source, data = place / f"{name}.joblib", place / f"{name}.parquet"
    joblib.dump(trained.model, source)
    trained.data.to_parquet(data)
    order = Order(
        source=source,
        name=name,
        data=data,
        models=models or place / "models",
        target=trained.targets,
        tolerances={},
    )
    return package(order, trust=lambda _: True, advance=lambda: None)
