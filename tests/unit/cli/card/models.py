"""Model folders to make cards of: one whose words are hostile, and one that was packaged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from tests.small_models.catalogue import FLOWER, SHOP
from tests.small_models.faults import put, relock, rewrite
from tests.small_models.folder import SmallModel

SCRIPT: Final = "<script>alert(1)</script>"
HOSTILE: Final = SCRIPT + "\"' onload='x' </style><img src=//evil.example/x> $policy ${style} &amp; "
"""Markup, quotes, and what a template would fill in."""
STEERING: Final = "\x1b[31mred\x9b2J\u202egnp\u2028next\u0085"
"""What steers a terminal or turns the reading direction."""


def hostile() -> SmallModel:
    """SHOP, with every free text of its manifest and of its baseline hostile."""
    fields: dict[str, Any] = SHOP.document()
    del fields["inputs"], fields["outputs"], fields["name"]
    city = "<b>city</b> 'x' $name"
    fields |= {"title": HOSTILE + STEERING, "description": STEERING + HOSTILE}
    fields["features"][0] |= {"name": city, "input": "city", "description": HOSTILE, "unit": HOSTILE + STEERING}
    fields["features"][0]["categories"] = ["Rome", SCRIPT + STEERING]
    fields["prediction"] |= {"unit": HOSTILE, "description": STEERING + HOSTILE}
    fields["lineage"] = {
        "data": {"source": HOSTILE, "sha256": "0" * 64, "rows": 3},
        "code": {"path": HOSTILE + STEERING},
        "framework": HOSTILE,
        "metrics": {HOSTILE + STEERING: 0.5},
        "licence": HOSTILE,
    }
    baseline = {
        "schema": "serin/baseline/v1",
        "features": {city: {"kind": "category", "categories": [SCRIPT, STEERING + HOSTILE], "counts": [2, 1]}},
        "prediction": {"kind": "category", "categories": [HOSTILE], "counts": [4], "missing": 1},
    }
    return replace(SHOP, fields=fields, baseline=baseline, golden=())


def write_packaged(models: Path) -> Path:
    """FLOWER's folder with all that packaging puts into manifest and lock."""
    folder = FLOWER.write(models)
    rewrite(folder, put("title", "Rose or tulip"))
    rewrite(folder, put("lineage", LINEAGE))
    relock(folder, put("parity", PARITY))
    relock(folder, put("provenance", PROVENANCE))
    relock(folder, put("tools", {"skl2onnx": "1.20.0"}))
    return folder


LINEAGE: Final = {
    "data": {"source": "a garden", "sha256": "1" * 64, "rows": 1200},
    "code": {"path": "train.py", "commit": "abcdef1"},
    "framework": "scikit-learn 1.9.1",
    "metrics": {"accuracy": 0.975, "log_loss": 0.1},
}
PARITY: Final = {
    "rows": 10_000,
    "edge_rows": 40,
    "outputs": {"scores": {"absolute_max": 2.5e-6, "absolute_mean": 1e-7, "relative_max": 3e-5, "relative_mean": 2e-7}},
    "label_agreement": 1.0,
    "rank_agreement": 0.99999,
}
PROVENANCE: Final = {
    "source": {"file": "flower.joblib", "sha256": "2" * 64, "bytes": 4096},
    "framework": "scikit-learn 1.9.1",
    "data": {"file": "flowers.csv", "sha256": "3" * 64, "rows": 900},
    "holdout": {"file": "held-out.csv", "sha256": "4" * 64, "rows": 300},
    "commit": "abcdef1",
}
