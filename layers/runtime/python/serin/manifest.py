"""``model.yaml``: what people declare about a model. The one source of truth for its types.

From these types come the request decoder, the OpenAPI schema, the protocol's metadata, the docs page, the
published JSON Schema and the stack. Reading a file into them is ``model_folder``'s work.

Annotations are evaluated with the classes, here and in the other modules of types that are decoded into at a start:
msgspec would otherwise compile each of them, as text, before the first decode.
"""

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from serin.protocol import Datatype

SCHEMA: Final = "serin/model/v1"

Name = Annotated[
    str,
    Meta(
        pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*\Z",
        max_length=40,
        description="Lower-case ASCII words joined by single hyphens.",
        examples=["breast-cancer"],
    ),
]
SemVer = Annotated[
    str,
    Meta(
        pattern=r"^(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})(-[0-9A-Za-z]+(\.[0-9A-Za-z]+)*)?\Z",
        max_length=40,
        description="Semantic version (semver.org 2.0.0, without build metadata).",
        examples=["1.0.0"],
    ),
]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z", description="SHA-256 digest in lower-case hex.")]
FileName = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*\Z",
        max_length=100,
        description="A file beside model.yaml; no folders.",
    ),
]
OperatorName = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)+\Z",
        max_length=100,
        description="Domain and name of an ONNX operator.",
        examples=["com.microsoft.Inverse"],
    ),
]
FieldName = Annotated[
    str,
    Meta(
        pattern=r"""^[^\x00-\x1f\x7f"\\]+\Z""",
        min_length=1,
        max_length=100,
        description="Any printable text without double quotes and backslashes.",
    ),
]
Text = Annotated[str, Meta(max_length=2000)]
Scalar = bool | int | float | str
Share = Annotated[float, Meta(ge=0, le=1)]
Positive = Annotated[int, Meta(ge=1)]


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Sections are immutable and refuse keys they do not know."""


def _described(text: str) -> Meta:
    return Meta(description=text)


class Artifact(_Section, frozen=True, kw_only=True):
    """The model file that is served."""

    file: Annotated[FileName, _described("Model file, in the same folder.")] = "model.onnx"
    format: Annotated[Literal["onnx", "ort"], _described("ONNX protobuf, or ONNX Runtime's flat format.")] = "onnx"
    operators: Annotated[
        tuple[OperatorName, ...],
        Meta(max_length=100, description="Operators of the model that are served although they are not on the list."),
    ] = ()


class MissingFill(_Section, frozen=True, kw_only=True):
    """A missing value is replaced before the model sees it."""

    fill: Annotated[Scalar, _described("The value that takes its place.")]


class Feature(_Section, frozen=True, kw_only=True):
    """One named value of a row."""

    name: Annotated[FieldName, _described("Key of the feature in a request row.")]
    type: Annotated[
        Literal["float", "int", "bool", "string"], _described("JSON type; a float also takes an integer literal.")
    ]
    input: Annotated[
        FieldName | None,
        _described("Tensor input it goes to. Default: the only input, or the input of the same name."),
    ] = None
    unit: Annotated[Text | None, _described("Unit of the value, as shown to users.")] = None
    description: Annotated[Text, _described("What the value means.")] = ""
    range: Annotated[
        tuple[float | None, float | None] | None,
        _described("Lowest and highest allowed value, both inclusive; null leaves a side open."),
    ] = None
    categories: (
        Annotated[
            tuple[str, ...], Meta(min_length=1, max_length=1000, description="Allowed values of a string feature.")
        ]
        | None
    ) = None
    missing: Annotated[
        Literal["reject", "allow"] | MissingFill,
        _described(
            "What a null, an absent key or a NaN does: refused, passed on as NaN (floating tensors only), or filled."
        ),
    ] = "reject"
    example: Annotated[Scalar | None, _described("A typical value; used in the docs and in the curl lines.")] = None


class Tolerance(_Section, frozen=True, kw_only=True):
    """How far an output may be from its golden value: ``|a - b| <= absolute + relative * |b|``."""

    absolute: Annotated[float, Meta(ge=0)] = 1e-5
    relative: Annotated[float, Meta(ge=0)] = 1e-5


class TensorInput(_Section, frozen=True, kw_only=True):
    """One tensor input, as the graph names it."""

    name: FieldName
    datatype: Annotated[Datatype, _described("Open Inference Protocol datatype.")]
    shape: Annotated[
        tuple[Annotated[int, Meta(ge=-1)], ...],
        _described("-1 for a dynamic axis; a leading -1 is the batch."),
    ]
    description: Annotated[Text, _described("What the tensor holds.")] = ""
    unit: Annotated[Text | None, _described("Unit of its elements.")] = None
    non_finite: Annotated[
        Literal["reject", "allow"],
        _described("Whether NaN and infinities may enter where no feature says so."),
    ] = "reject"
    range: Annotated[tuple[float | None, float | None] | None, _described("Lowest and highest allowed element.")] = None
    example: Annotated[
        list[Any] | Scalar | None, _described("One row (without the batch axis), nested as its shape says.")
    ] = None


class TensorOutput(_Section, frozen=True, kw_only=True):
    """One tensor output, as the graph names it."""

    name: FieldName
    datatype: Datatype
    shape: tuple[Annotated[int, Meta(ge=-1)], ...]
    description: Text = ""
    tolerance: Annotated[Tolerance, _described("For golden cases and parity.")] = msgspec.field(
        default_factory=Tolerance
    )


class Classification(_Section, tag_field="task", tag="classification", frozen=True, kw_only=True):
    """One label out of several, from a tensor of scores."""

    scores: Annotated[FieldName, _described("Output of shape [-1, labels], or [-1] / [-1, 1] when binary.")]
    labels: Annotated[tuple[str, ...], Meta(min_length=2, description="Names of the classes, in the scores' order.")]
    activation: Annotated[
        Literal["none", "softmax", "sigmoid"], _described("Applied to the scores to make probabilities.")
    ] = "none"
    positive: Annotated[str | None, _described("Binary only: the label that the threshold speaks of.")] = None
    threshold: Annotated[Share | None, _described("Binary only: probability from which `positive` is answered.")] = None


class Regression(_Section, tag_field="task", tag="regression", frozen=True, kw_only=True):
    """One number a row."""

    value: Annotated[FieldName, _described("Output of shape [-1] or [-1, 1].")]
    unit: Annotated[Text | None, _described("Unit of the prediction.")] = None
    description: Annotated[Text, _described("What the number means.")] = ""
    clip: Annotated[tuple[float | None, float | None] | None, _described("The answer is held within these bounds.")] = (
        None
    )


class Tensors(_Section, tag_field="task", tag="tensors", frozen=True, kw_only=True):
    """The outputs as they are: one nested list an output."""


Prediction = Classification | Regression | Tensors


class Dataset(_Section, frozen=True, kw_only=True):
    """The training data's snapshot."""

    source: Annotated[Text, _described("Where it comes from.")]
    sha256: Annotated[Sha256, _described("Digest of the snapshot's canonical bytes.")]
    rows: Positive


class Code(_Section, frozen=True, kw_only=True):
    """The code that trained the model."""

    path: Annotated[Text, _described("Training script, from the repository's root.")]
    sha256: Annotated[Sha256 | None, _described("Digest of that script.")] = None
    commit: Annotated[str, Meta(pattern=r"^[0-9a-f]{7,64}\Z", description="Git commit.")] | None = None


class Lineage(_Section, frozen=True, kw_only=True):
    """Where the model comes from."""

    data: Dataset
    code: Code
    framework: Annotated[Text, _described("Training framework and version, e.g. `scikit-learn 1.9.1`.")]
    metrics: Annotated[dict[str, float], _described("Evaluation metrics on held-out data.")] = {}
    licence: Annotated[Text | None, _described("Licence of model and data.")] = None


class ProvisionedConcurrency(_Section, frozen=True, kw_only=True):
    """Instances kept warm, by schedule. Excludes SnapStart and a weighted alias."""

    min: Positive
    max: Positive
    schedule: Annotated[Text | None, _described("cron(...) in UTC from which `max` applies.")] = None
    until: Annotated[Text | None, _described("cron(...) in UTC from which `min` applies again.")] = None


class KeptAnswers(_Section, frozen=True, kw_only=True):
    """Answers kept in memory for questions that come again. For models whose answer depends on the question alone."""

    size: Annotated[
        int, Meta(ge=1, le=100_000, description="Most answers; a sixteenth of the memory bounds them, too.")
    ]
    seconds: Annotated[float, Meta(gt=0, le=86_400, description="How long an answer may be given again.")]


class Serving(_Section, frozen=True, kw_only=True):
    """How the model runs."""

    memory_mb: Annotated[int, Meta(ge=128, le=10240, description="Lambda memory; 1769 MB buy one vCPU.")] = 1024
    timeout_seconds: Annotated[int, Meta(ge=1, le=29, description="API Gateway ends a request after 29 s.")] = 10
    max_batch_rows: Annotated[int, Meta(ge=1, le=100_000, description="Most rows in one request.")] = 1000
    reserved_concurrency: Annotated[Positive | None, _described("Most instances at once.")] = None
    snap_start: Annotated[bool, _described("Start from a snapshot of the initialised process.")] = False
    provisioned_concurrency: ProvisionedConcurrency | None = None
    architecture: Literal["x86_64", "arm64"] = "x86_64"
    optimization: Annotated[
        Literal["portable", "full", "none"],
        _described(
            "What the image build does to the graph: nothing, what suits every processor, or all that suits the one "
            "that builds."
        ),
    ] = "portable"
    latency_target_ms: Annotated[float, Meta(gt=0, description="p99 target; the latency alarm watches it.")] = 1000
    answer_cache: KeptAnswers | None = None


class Release(_Section, frozen=True, kw_only=True):
    """How a new version takes over. ``steps: [100]`` is blue-green: all of the traffic, judged, with the way back open.

    No steps are all at once: after the golden cases nothing is judged.
    """

    steps: Annotated[
        tuple[Annotated[int, Meta(ge=1, le=100)], ...],
        Meta(max_length=20, description="Percent of traffic at each step, rising."),
    ] = (5, 25, 50)
    bake_minutes: Annotated[float, Meta(gt=0, le=1440, description="Shortest time at each step.")] = 5
    max_duration_minutes: Annotated[float, Meta(gt=0, le=20160, description="Longest time for a release.")] = 240
    max_error_increase: Annotated[Share, _described("Error-rate margin over the stable version.")] = 0.01
    max_latency_increase: Annotated[float, Meta(ge=0, description="p99 margin, as a share of the stable one's.")] = 0.2
    max_prediction_shift: Annotated[Share, _described("Margin on the prediction distribution's distance.")] = 0.1
    on_insufficient_data: Annotated[
        Literal["hold", "rollback"], _described("What happens when time is up and nobody called.")
    ] = "hold"


class Monitoring(_Section, frozen=True, kw_only=True):
    """What is watched."""

    log_retention_days: Annotated[
        Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400], _described("CloudWatch log retention.")
    ] = 30
    error_rate_alarm: Annotated[Share, _described("Share of failed requests that raises the alarm.")] = 0.01
    drift: Annotated[bool, _described("Whether feature and prediction bins are logged for drift.")] = True


class Manifest(_Section, frozen=True, kw_only=True):
    """A model, as its owner declares it."""

    schema: Annotated[Literal["serin/model/v1"], _described("Version of this format.")]
    name: Annotated[Name, _described("Must be the folder's name.")]
    version: SemVer
    title: Annotated[Text, _described("One line for people.")] = ""
    description: Annotated[Text, _described("What the model answers, for whom, and what it must not be used for.")] = ""
    artifact: Artifact = msgspec.field(default_factory=Artifact)
    features: Annotated[
        tuple[Feature, ...], Meta(max_length=2000, description="Named values; leave out for tensor models.")
    ] = ()
    inputs: Annotated[tuple[TensorInput, ...], Meta(min_length=1, max_length=2000)]
    outputs: Annotated[tuple[TensorOutput, ...], Meta(min_length=1, max_length=100)]
    prediction: Annotated[Prediction, _described("What the outputs mean.")]
    lineage: Lineage | None = None
    serving: Serving = msgspec.field(default_factory=Serving)
    release: Release = msgspec.field(default_factory=Release)
    monitoring: Monitoring = msgspec.field(default_factory=Monitoring)

    def input_of(self, feature: Feature) -> str:
        """Name of the tensor input that ``feature`` is packed into."""
        if feature.input is not None:
            return feature.input
        return self.inputs[0].name if len(self.inputs) == 1 else feature.name
