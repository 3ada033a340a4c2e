"""What the document says in words: about models, their inputs and their answers. Markdown, as OpenAPI takes it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from serin.manifest import Classification, Feature, Lineage, Manifest, MissingFill, Regression, TensorInput
from serin.openapi.examples import Bounds, example_value, row_shape


def sentences(*parts: str | None) -> str:
    """Each part that says something as a sentence of its own."""
    said = (part.strip() for part in parts if part and part.strip())
    return " ".join(part if part.endswith((".", "!", "?")) else f"{part}." for part in said)


def shape_text(shape: Sequence[int]) -> str:
    """``shape`` for people: ``[*, 8, 8]``, with ``*`` for a dynamic axis."""
    return f"[{', '.join('*' if axis == -1 else str(axis) for axis in shape)}]"


def model_text(manifest: Manifest) -> str:
    """A model in one paragraph: title, version, task, lineage."""
    version = f"Version {manifest.version}"
    return sentences(manifest.title, version, _task_text(manifest), _lineage_text(manifest.lineage))


def row_text(manifest: Manifest) -> str:
    """What the model is for, and a table of what a row holds."""
    if manifest.features:
        head = ("Feature", "Type", "Unit", "Allowed", "When missing", "Meaning")
        rows = [_feature_row(feature) for feature in manifest.features]
    else:
        head = ("Input", "Type", "Unit", "Allowed", "Shape of a row", "Meaning")
        rows = [_tensor_row(tensor) for tensor in manifest.inputs]
    return f"{manifest.description}\n\n{_table(head, rows)}".strip()


def missing_text(feature: Feature) -> str:
    """What becomes of a row that lacks ``feature``."""
    if isinstance(feature.missing, MissingFill):
        return f"`{_json_word(feature.missing.fill)}` takes its place"
    return "passed on as missing" if feature.missing == "allow" else "refused"


def _feature_row(feature: Feature) -> tuple[str, ...]:
    allowed = range_text(feature.range)
    if feature.categories is not None:
        allowed = ", ".join(f"`{category}`" for category in feature.categories)
    meaning = sentences(feature.description, f"Example: `{_json_word(example_value(feature))}`")
    return (f"`{feature.name}`", feature.type, feature.unit or "", allowed, missing_text(feature), meaning)


def _tensor_row(tensor: TensorInput) -> tuple[str, ...]:
    shape = shape_text(row_shape(tensor.shape))
    return (
        f"`{tensor.name}`",
        tensor.datatype.value,
        tensor.unit or "",
        range_text(tensor.range),
        shape,
        tensor.description,
    )


def range_text(bounds: Bounds) -> str:
    """What ``bounds`` let in; empty where they let in everything."""
    low, high = bounds or (None, None)
    if low is not None and high is not None:
        return f"{low:g} to {high:g}"
    if low is not None:
        return f"from {low:g}"
    return "" if high is None else f"up to {high:g}"


def _json_word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table without the columns in which no row says anything."""
    filled = [(title, *column) for title, column in zip(head, zip(*rows, strict=True), strict=True) if any(column)]
    lines = [[_cell(cell) for cell in line] for line in zip(*filled, strict=True)]
    lines.insert(1, ["---"] * len(filled))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _task_text(manifest: Manifest) -> str:
    prediction = manifest.prediction
    if isinstance(prediction, Classification):
        return f"Classifies as {', '.join(f'`{label}`' for label in prediction.labels)}"
    if isinstance(prediction, Regression):
        return f"Answers a number{f' in {prediction.unit}' if prediction.unit else ''}"
    return f"Answers the tensors {', '.join(f'`{tensor.name}`' for tensor in manifest.outputs)}"


def _lineage_text(lineage: Lineage | None) -> str | None:
    if lineage is None:
        return None
    metrics = ", ".join(f"{name} {value:.4g}" for name, value in lineage.metrics.items())
    trained = f"Trained with {lineage.framework} on {lineage.data.rows} rows of {lineage.data.source}"
    return sentences(trained, metrics and f"Held-out metrics: {metrics}")
