"""The sample models and what they are known to answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from serin.comparison import differences
from serin.engine import EngineOptions
from serin.golden import GoldenCase, read_golden, tolerance_of
from serin.model_folder import GOLDEN_FILE, MANIFEST_FILE
from serin.service import Model, load_model
from serin.tensor import Tensor

MODELS: Final = Path(__file__).resolve().parents[1] / "models"
NAMES: Final = tuple(sorted(path.parent.name for path in MODELS.glob(f"*/{MANIFEST_FILE}")))


@dataclass(frozen=True)
class Sample:
    """``model`` is opened in the tests' own process: for its row decoder and its predictor, not for its answers."""

    model: Model
    cases: tuple[GoldenCase, ...]

    @property
    def name(self) -> str:
        return self.model.name

    def complete(self) -> tuple[GoldenCase, ...]:
        """The cases without a missing value: JSON tensors carry no NaN."""
        names = {part.name for part in self.model.manifest.features or self.model.manifest.inputs}
        return tuple(
            case for case in self.cases if case.instance.keys() == names and None not in case.instance.values()
        )

    def differences(self, predictions: list[Any], cases: tuple[GoldenCase, ...]) -> list[str]:
        """Where ``predictions`` are not those of ``cases``, one line each."""
        assert len(predictions) == len(cases)
        tolerance = tolerance_of(self.model.manifest)
        return [
            line
            for number, (prediction, case) in enumerate(zip(predictions, cases, strict=True))
            for line in differences(prediction, case.prediction, tolerance, f"case {number}")
        ]

    def predictions(self, outputs: Mapping[str, Tensor]) -> list[Any]:
        """What tensors that a shell answered mean."""
        return list(self.model.predictor(outputs))


def load_sample(name: str) -> Sample:
    """The sample model of this name."""
    return Sample(load_model(MODELS / name, EngineOptions()), tuple(read_golden(MODELS / name / GOLDEN_FILE)))
