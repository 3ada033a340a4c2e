"""What a manifest's sections must agree on among themselves, beyond what their types can say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise

import msgspec

from serin.errors import InvalidInput
from serin.manifest import Classification, Feature, Manifest, MissingFill, Regression, Scalar, TensorInput, TensorOutput
from serin.nested import flatten, nested_list
from serin.protocol import Datatype

Contradiction = tuple[str, str]
"""The field's path and the problem with it."""

_JSON_TYPES: dict[str, tuple[type, ...]] = {
    "float": (float, int),
    "int": (int,),
    "bool": (bool,),
    "string": (str,),
}


def contradictions(manifest: Manifest) -> Iterator[Contradiction]:
    """Every rule that ``manifest`` breaks, in the file's order."""
    yield from _artifact(manifest)
    yield from _unique("features", (feature.name for feature in manifest.features))
    for i, feature in enumerate(manifest.features):
        yield from ((f"features[{i}].{field}", problem) for field, problem in _feature(feature, manifest))
    yield from _unique("inputs", (tensor.name for tensor in manifest.inputs))
    for i, tensor in enumerate(manifest.inputs):
        yield from ((f"inputs[{i}].{field}", problem) for field, problem in _input(tensor, manifest))
    yield from _unique("outputs", (tensor.name for tensor in manifest.outputs))
    yield from ((f"prediction.{field}", problem) for field, problem in _prediction(manifest))
    yield from _serving(manifest)
    yield from _release(manifest)


def _artifact(manifest: Manifest) -> Iterator[Contradiction]:
    if not manifest.artifact.file.endswith(f".{manifest.artifact.format}"):
        yield "artifact.file", f"must end in .{manifest.artifact.format}, the declared format"


def _unique(field: str, names: Iterable[str]) -> Iterator[Contradiction]:
    for name, count in Counter(names).items():
        if count > 1:
            yield field, f"name {name!r} stands {count} times"


def _bounds(field: str, bounds: tuple[float | None, float | None] | None) -> Iterator[Contradiction]:
    if bounds is not None and None not in bounds and bounds[0] > bounds[1]:  # type: ignore[operator]
        yield field, "the lower bound is above the upper one"


def _feature(feature: Feature, manifest: Manifest) -> Iterator[Contradiction]:
    name = manifest.input_of(feature)
    tensor = next((tensor for tensor in manifest.inputs if tensor.name == name), None)
    if tensor is None:
        yield "input", f"no input is named {name!r}; inputs: {', '.join(t.name for t in manifest.inputs)}"
        return
    if not _packs_into(feature.type, tensor.datatype):
        yield "type", f"{feature.type} does not fit input {name!r} of datatype {tensor.datatype}"
    if feature.missing == "allow" and not tensor.datatype.is_float:
        yield "missing", f"`allow` needs a floating input; {name!r} is {tensor.datatype}: use {{fill: ...}}"
    yield from _allowed_values(feature)
    if isinstance(feature.missing, MissingFill):
        yield from _value("missing.fill", feature.missing.fill, feature, tensor.datatype)
    if feature.example is not None:
        yield from _value("example", feature.example, feature, tensor.datatype)


def _allowed_values(feature: Feature) -> Iterator[Contradiction]:
    if feature.type in {"string", "bool"} and feature.range is not None:
        yield "range", f"a {feature.type} has no range"
    if feature.type != "string" and feature.categories is not None:
        yield "categories", "only a string feature has categories"
    if feature.categories is not None and len(set(feature.categories)) < len(feature.categories):
        yield "categories", "a category stands twice"
    yield from _bounds("range", feature.range)


def _packs_into(json_type: str, datatype: Datatype) -> bool:
    if json_type == "string":
        return datatype is Datatype.BYTES
    if json_type == "float":
        return datatype.is_float
    if json_type == "int":
        return datatype not in {Datatype.BYTES, Datatype.BOOL}
    return datatype is not Datatype.BYTES


def _value(field: str, value: Scalar, feature: Feature, datatype: Datatype) -> Iterator[Contradiction]:
    if not isinstance(value, _JSON_TYPES[feature.type]) or (isinstance(value, bool) and feature.type != "bool"):
        yield field, f"is not a {feature.type}"
    elif feature.categories is not None and value not in feature.categories:
        yield field, "is not one of the categories"
    elif not isinstance(value, str | bool):
        yield from _number(field, value, feature.range, datatype)


def _number(
    field: str, value: float, bounds: tuple[float | None, float | None] | None, datatype: Datatype
) -> Iterator[Contradiction]:
    low, high = bounds or (None, None)
    if (low is not None and value < low) or (high is not None and value > high):
        yield field, "is outside the range"
    elif datatype.limits is not None and not datatype.limits[0] <= value <= datatype.limits[1]:
        yield field, f"does not fit {datatype}"


def _input(tensor: TensorInput, manifest: Manifest) -> Iterator[Contradiction]:
    yield from _bounds("range", tensor.range)
    if tensor.range is not None and tensor.datatype in {Datatype.BYTES, Datatype.BOOL}:
        yield "range", f"a {tensor.datatype} tensor has no range"
    if not manifest.features:
        yield from _tensor_example(tensor)
        return
    for field, default in (("range", None), ("example", None), ("non_finite", "reject")):
        if getattr(tensor, field) != default:
            yield field, "is said by the features that go into this input; take it out here"
    packed = sum(manifest.input_of(feature) == tensor.name for feature in manifest.features)
    if packed == 0:
        yield "name", "no feature goes into this input; name it in a feature's `input`"
    elif tensor.shape not in {(-1, packed), (-1,) if packed == 1 else (-1, packed)}:
        yield "shape", f"must be [-1, {packed}] to hold its {packed} feature(s)"


def _tensor_example(tensor: TensorInput) -> Iterator[Contradiction]:
    if tensor.example is None:
        return
    due = tensor.shape[1:] if tensor.shape[:1] == (-1,) else tensor.shape
    try:
        row = msgspec.convert(tensor.example, nested_list(tensor.datatype, len(due)), strict=True)
        shape, values = flatten(row, len(due))
    except (msgspec.ValidationError, InvalidInput):
        yield "example", f"is not one row of {tensor.datatype}, nested as the shape says"
        return
    if any(axis not in {-1, length} for axis, length in zip(due, shape, strict=True)):
        yield "example", f"is not one row of shape {list(due)}"
    for value in values if tensor.datatype.limits else ():
        yield from _number("example", value, tensor.range, tensor.datatype)


def _prediction(manifest: Manifest) -> Iterator[Contradiction]:
    prediction = manifest.prediction
    outputs = {tensor.name: tensor for tensor in manifest.outputs}
    if isinstance(prediction, Regression):
        yield from _number_output("value", prediction.value, outputs, width=1)
        yield from _bounds("clip", prediction.clip)
    elif isinstance(prediction, Classification):
        yield from _classification(prediction, outputs)


def _classification(prediction: Classification, outputs: dict[str, TensorOutput]) -> Iterator[Contradiction]:
    binary = len(prediction.labels) == 2
    if len(set(prediction.labels)) < len(prediction.labels):
        yield "labels", "a label stands twice"
    if prediction.activation == "softmax" and not _is_wide(prediction.scores, outputs):
        yield "activation", "softmax needs one score a label; use sigmoid for a single score"
    yield from _number_output("scores", prediction.scores, outputs, width=len(prediction.labels), or_one=binary)
    if prediction.positive is not None and prediction.positive not in prediction.labels:
        yield "positive", "is not one of the labels"
    if (prediction.positive is None) != (prediction.threshold is None):
        yield "threshold", "`positive` and `threshold` go together"
    if prediction.threshold is not None and not binary:
        yield "threshold", "needs exactly two labels"


def _is_wide(name: str, outputs: dict[str, TensorOutput]) -> bool:
    return name not in outputs or outputs[name].shape[1:] not in {(), (1,)}


def _number_output(
    field: str, name: str, outputs: dict[str, TensorOutput], *, width: int, or_one: bool = False
) -> Iterator[Contradiction]:
    if name not in outputs:
        yield field, f"no output is named {name!r}; outputs: {', '.join(outputs)}"
        return
    tensor = outputs[name]
    if not tensor.datatype.is_float:
        yield field, f"output {name!r} must be a floating tensor, is {tensor.datatype}"
    widths = {width, 1} if or_one or width == 1 else {width}
    if tensor.shape not in {(-1, w) for w in widths} | ({(-1,)} if 1 in widths else set()):
        yield field, f"output {name!r} must have shape [-1, {width}]"


def _serving(manifest: Manifest) -> Iterator[Contradiction]:
    warm = manifest.serving.provisioned_concurrency
    if warm is None:
        return
    if manifest.serving.snap_start:
        yield "serving.provisioned_concurrency", "excludes snap_start; choose one"
    if warm.min > warm.max:
        yield "serving.provisioned_concurrency.min", "is above max"
    if (warm.schedule is None) != (warm.until is None):
        yield "serving.provisioned_concurrency.schedule", "`schedule` and `until` go together"
    for field in ("schedule", "until"):
        cron = getattr(warm, field)
        if cron is not None and not _is_cron(cron):
            example = "cron(0 7 ? * MON-FRI *): minutes, hours, day of month, month, day of week, year; one day is `?`"
            yield f"serving.provisioned_concurrency.{field}", f"must be written like {example}"


def _is_cron(text: str) -> bool:
    """Six fields, one day of two open. Source: Application Auto Scaling user guide, "Schedule recurring scaling"."""
    fields = text.removeprefix("cron(").removesuffix(")").split(" ")
    return text.startswith("cron(") and text.endswith(")") and len(fields) == 6 and "?" in (fields[2], fields[4])


def _release(manifest: Manifest) -> Iterator[Contradiction]:
    steps = manifest.release.steps
    if any(later <= earlier for earlier, later in pairwise(steps)):
        yield "release.steps", "must rise"
    if manifest.release.max_duration_minutes < manifest.release.bake_minutes:
        yield "release.max_duration_minutes", "is shorter than bake_minutes"
