"""Models, loaded and ready to answer. Knows tensors and predictions, no transport."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import msgspec

from serin.answers import AnswerCache, question_of
from serin.baseline import Baseline, Histogram
from serin.engine import EngineOptions, ModelLoadError, Session
from serin.errors import (
    NO_SUCH_MODEL,
    DeadlineExceeded,
    ModelFolderError,
    ModelNotFound,
    ModelRejectedInput,
)
from serin.manifest import Manifest, TensorInput, TensorOutput
from serin.operators import DRAWS, names_any
from serin.prediction_bins import PredictionBins
from serin.predictions import Prediction, Predictor
from serin.protocol import ModelMetadata, TensorMetadata
from serin.rows import RowDecoder
from serin.screening import Screens
from serin.tensor import Tensor

if TYPE_CHECKING:  # neither pathlib nor what reads YAML is on the way of a start from an image
    from pathlib import Path

    from serin.model_folder import ModelFolder

PLATFORM: Final = "onnxruntime_onnx"


class Inference(msgspec.Struct, frozen=True):
    """What a run gave: the outputs, the inputs as the model saw them, their rows, and the seconds it took.

    ``feature_bins``: the inputs counted into the baseline's bins, a histogram by feature, as JSON. ``cached``: whether
    the outputs are those of an earlier run; None where the model keeps no answers.
    """

    outputs: dict[str, Tensor]
    inputs: dict[str, Tensor]
    rows: int
    seconds: float
    feature_bins: msgspec.Raw | None = None
    cached: bool | None = None


class Model:
    """One model in one version. Safe to call from several threads at once."""

    def __init__(self, manifest: Manifest, baseline: Baseline | None, session: Session) -> None:
        self.manifest = manifest
        self.name = manifest.name
        self.version = manifest.version
        self.inputs = _signature(manifest.inputs)
        self.outputs = _signature(manifest.outputs)
        self.rows = RowDecoder(manifest)
        self.predictor = Predictor(manifest)
        self._batched = next((tensor.name for tensor in self.inputs if tensor.shape[:1] == (-1,)), None)
        watched = baseline if manifest.monitoring.drift else None
        self._screens = Screens(manifest, watched.features if watched else {}, divides=session.divides)
        self._prediction_bins: PredictionBins | None = None
        if watched is not None and watched.prediction is not None:
            self._prediction_bins = PredictionBins(manifest, self.predictor, watched.prediction)
        self._session = session
        self._answers = _answer_cache(manifest)

    def metadata(self) -> ModelMetadata:
        """What the protocol tells of the model."""
        return ModelMetadata(
            name=self.name, versions=(self.version,), platform=PLATFORM, inputs=self.inputs, outputs=self.outputs
        )

    def infer(self, inputs: Mapping[str, Tensor], outputs: Sequence[str], deadline: float) -> Inference:
        """Run the model on tensors that fit its signature.

        Args:
            inputs: Every input, of its datatype and shape.
            outputs: Names of the wanted outputs.
            deadline: ``time.monotonic()`` seconds; the manifest's time-out may end the run earlier.

        Raises:
            InvalidInput: a value breaks the manifest's policy.
            ModelRejectedInput: the model failed on this input.
            DeadlineExceeded: no time left, or not finished in time.
        """
        allowed, feature_bins = self._screens(inputs, deadline)
        begun = time.monotonic()
        if begun >= deadline:
            raise DeadlineExceeded("the request had no time left when the model could have begun")
        results, cached = self._answer(allowed, outputs, min(deadline, begun + self.manifest.serving.timeout_seconds))
        return Inference(results, allowed, self._count_rows(allowed), time.monotonic() - begun, feature_bins, cached)

    def _answer(
        self, inputs: Mapping[str, Tensor], outputs: Sequence[str], deadline: float
    ) -> tuple[dict[str, Tensor], bool | None]:
        """What the model gives for ``inputs``, and whether it was known; None where no answers are kept."""
        if self._answers is None:
            return self._session.run(inputs, outputs, deadline), None
        question = question_of(inputs, (tensor.name for tensor in self.inputs), outputs)
        known = self._answers.get(question)
        if known is not None:
            return known, True
        results = self._session.run(inputs, outputs, deadline)
        self._answers.put(question, results)
        return results, False

    def predict(self, inference: Inference) -> list[Prediction]:
        """One prediction for each row of the request.

        Raises:
            OutputNotFinite: the model answered NaN or an infinity.
            ModelRejectedInput: it answered another number of rows.
        """
        predictions = self.predictor(inference.outputs)
        if len(predictions) != inference.rows:
            raise ModelRejectedInput("the model does not answer these rows one by one")
        return predictions

    def count_predictions(self, predictions: Sequence[Prediction]) -> Histogram:
        """Predictions counted into the baseline's bins; empty without a baseline."""
        return {} if self._prediction_bins is None else self._prediction_bins.of_predictions(predictions)

    def count_outputs(self, outputs: Mapping[str, Tensor]) -> Histogram:
        """The same for outputs; empty also where they make no prediction: some are not there, or are not finite."""
        return {} if self._prediction_bins is None else self._prediction_bins.of_outputs(outputs)

    def _count_rows(self, inputs: Mapping[str, Tensor]) -> int:
        """Length of the batch axis, which all inputs that have one agree on; 1 without."""
        return 1 if self._batched is None else inputs[self._batched].shape[0]


class Service:
    """The models that this process serves."""

    def __init__(self, models: Iterable[Model]) -> None:
        self.models: Mapping[str, Model] = MappingProxyType({model.name: model for model in models})

    def model(self, name: str, version: str | None = None) -> Model:
        """The model of this name, in this version where one is named.

        Raises:
            ModelNotFound: there is none.
        """
        model = self.models.get(name)
        if model is None:
            raise ModelNotFound(NO_SUCH_MODEL)
        if version is not None and version != model.version:
            raise ModelNotFound(f"model `{name}` is not served in this version; it is served as {model.version}")
        return model

    def ready(self) -> bool:
        """Whether every model can answer: they are loaded before the service exists."""
        return bool(self.models)


def load_model(path: Path, options: EngineOptions) -> Model:
    """Read, check and open one model folder.

    Raises:
        ModelFolderError: names the file and the field to mend.
    """
    from serin.model_folder import load_model_folder, read_artifact  # a compiled model starts without YAML

    folder = load_model_folder(path)
    return Model(folder.manifest, folder.baseline, open_artifact(folder, read_artifact(folder), options))


def open_artifact(folder: ModelFolder, artifact: bytes, options: EngineOptions) -> Session:
    """Open the bytes of a folder's artifact, which have the signature that its lock says.

    Raises:
        ModelFolderError: they cannot be opened, have another signature, or cannot be served as the manifest says.
    """
    session = open_unlocked(folder.path, folder.manifest, artifact, options)
    for kind in ("inputs", "outputs"):
        if getattr(session, kind) != getattr(folder.lock.signature, kind):
            raise ModelFolderError(
                str(folder.path / "model.lock.json"),
                f"signature.{kind}",
                f"is not what the artifact has; run `serin lock {folder.path.name}`",
            )
    return session


def open_unlocked(path: Path, manifest: Manifest, artifact: bytes, options: EngineOptions) -> Session:
    """Open the artifact of the model folder ``path``, whatever its lock says.

    Raises:
        ModelFolderError: it cannot be opened, or cannot be served as the manifest says.
    """
    if manifest.serving.answer_cache is not None and names_any(artifact, DRAWS):
        raise ModelFolderError(
            str(path / "model.yaml"),
            "serving.answer_cache",
            "the model draws random numbers, so no answer may be given again; leave the cache out",
        )
    try:
        return Session.load(artifact, options, manifest.artifact.format)
    except ModelLoadError as error:
        raise ModelFolderError(str(path / manifest.artifact.file), None, error.message) from None


def load_service(folders: Iterable[Path], options: EngineOptions) -> Service:
    """Read, check and open model folders.

    Raises:
        ModelFolderError: names the file and the field to mend.
    """
    return Service(load_model(folder, options) for folder in folders)


def _answer_cache(manifest: Manifest) -> AnswerCache | None:
    """As the manifest says; the bytes of what is kept stay below a sixteenth of the function's memory."""
    wanted = manifest.serving.answer_cache
    if wanted is None:
        return None
    return AnswerCache(size=wanted.size, seconds=wanted.seconds, max_bytes=manifest.serving.memory_mb * 2**20 // 16)


def _signature(tensors: Iterable[TensorInput | TensorOutput]) -> tuple[TensorMetadata, ...]:
    return tuple(TensorMetadata(name=tensor.name, datatype=tensor.datatype, shape=tensor.shape) for tensor in tensors)
