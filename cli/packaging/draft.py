"""What model.yaml says of a model that is packaged: from the model and the data, and what a person has said before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from cli.packaging.features import Column, value_range
from cli.packaging.manifest_text import Draft
from cli.packaging.missing import Policy
from cli.packaging.source import Layout
from serin.manifest import Classification, Feature, Lineage, Manifest, Prediction, TensorInput, TensorOutput, Tolerance
from serin.protocol import TensorMetadata

FIRST_VERSION: Final = "1.0.0"
_SET_BY_PEOPLE: Final = ("serving", "release", "monitoring")


def features_of(
    columns: Sequence[Column], policies: Mapping[str, Policy], layout: Layout, before: Manifest | None
) -> list[Feature]:
    """The features; what a person has said of one of the same name and type stays."""
    said = {feature.name: feature for feature in before.features} if before else {}
    inputs = {name: tensor for tensor, names in layout.columns.items() for name in names}
    return [_feature(column, policies[column.name], _input(column, inputs, layout), said) for column in columns]


def _input(column: Column, inputs: Mapping[str, str], layout: Layout) -> str | None:
    """Named only where it is neither the only one nor the one of the same name."""
    name = inputs[column.name]
    return None if len(layout.inputs) == 1 or name == column.name else name


def _feature(column: Column, missing: Policy, tensor: str | None, said: Mapping[str, Feature]) -> Feature:
    old = said.get(column.name)
    if old is None or old.type != column.type:
        return Feature(
            name=column.name,
            type=column.type,
            input=tensor,
            range=value_range(column),
            categories=_categories(column, missing),
            missing=missing,
            example=column.example,
        )
    categories = _categories(column, old.missing)
    known = categories is None or old.example in categories
    return msgspec.structs.replace(
        old, input=tensor, categories=categories, example=old.example if known else column.example
    )


def _categories(column: Column, missing: Policy) -> tuple[str, ...] | None:
    """With the text that takes the place of a missing one."""
    fill = getattr(missing, "fill", None)
    if column.categories is None or fill is None or fill in column.categories:
        return column.categories
    return (*column.categories, str(fill))


def seen_of(columns: Sequence[Column]) -> dict[str, str]:
    """What the data had, for a person to compare with."""
    return {column.name: _seen(column) for column in columns}


def _seen(column: Column) -> str:
    missing = f", missing in {column.missing} rows" if column.missing else ""
    if column.type in {"float", "int"}:
        return f"seen: {column.lowest:.6g} to {column.highest:.6g}{missing}"
    kind = "texts" if column.type == "string" else "values"
    return f"seen: {column.distinct} different {kind}{missing}"


def outputs_of(
    outputs: Sequence[TensorMetadata], tolerances: Mapping[str, Tolerance], before: Manifest | None
) -> list[TensorOutput]:
    """The outputs as the artifact has them; a tolerance that a person has set stays, unless one is given."""
    old = {tensor.name: tensor for tensor in before.outputs} if before else {}
    return [
        TensorOutput(
            name=tensor.name,
            datatype=tensor.datatype,
            shape=tensor.shape,
            description=old[tensor.name].description if tensor.name in old else "",
            tolerance=tolerances.get(tensor.name, old[tensor.name].tolerance if tensor.name in old else Tolerance()),
        )
        for tensor in outputs
    ]


def prediction_of(fresh: Prediction, before: Manifest | None, *, splits_at_half: bool) -> tuple[Prediction, bool]:
    """What the outputs mean, and whether a person has decided where the labels part.

    Args:
        fresh: As the source has it.
        before: The manifest that is there.
        splits_at_half: Whether the second of two labels is the source's own from a probability of one half on.
    """
    old = before.prediction if before else None
    if type(old) is type(fresh) and _same_outputs(old, fresh):
        own = isinstance(old, Classification) and old.threshold not in {None, 0.5}
        return old, own
    if isinstance(fresh, Classification) and len(fresh.labels) == 2 and splits_at_half:
        return msgspec.structs.replace(fresh, positive=fresh.labels[1], threshold=0.5), False
    return fresh, False


def _same_outputs(old: Any, fresh: Any) -> bool:
    return all(
        getattr(old, name, None) == getattr(fresh, name, None) for name in ("scores", "labels", "activation", "value")
    )


def next_version(
    before: Manifest | None, inputs: Sequence[TensorInput], outputs: Sequence[TensorOutput], *, same_artifact: bool
) -> str:
    """The version after that of ``before``, or the same for the same artifact; a new major one where clients of the old
    would be refused.
    """
    if before is None:
        return FIRST_VERSION
    if same_artifact:
        return before.version
    major, minor, _ = (int(part) for part in before.version.partition("-")[0].split("."))
    if _signature(before.inputs, before.outputs) == _signature(inputs, outputs):
        return f"{major}.{minor + 1}.0"
    return f"{major + 1}.0.0" if major else f"0.{minor + 1}.0"


def _signature(inputs: Sequence[TensorInput], outputs: Sequence[TensorOutput]) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = [(tensor.name, tensor.datatype, tensor.shape) for tensor in inputs]
    return found + [(tensor.name, tensor.datatype, tensor.shape) for tensor in outputs]


def draft_of(
    *,
    name: str,
    version: str,
    before: Manifest | None,
    columns: Sequence[Column],
    features: Sequence[Feature],
    inputs: Sequence[TensorInput],
    outputs: Sequence[TensorOutput],
    prediction: Prediction,
    operators: Sequence[str],
    lineage: Lineage,
) -> Draft:
    """Everything that model.yaml will say."""
    rest = {} if before is None else {key: msgspec.to_builtins(getattr(before, key)) for key in _SET_BY_PEOPLE}
    return Draft(
        name=name,
        version=version,
        title=before.title if before else name.replace("-", " ").capitalize(),
        description=before.description if before else "",
        operators=sorted({*operators, *(before.artifact.operators if before else ())}),
        features=features,
        seen=seen_of(columns),
        inputs=inputs,
        outputs=outputs,
        prediction=prediction,
        lineage=lineage,
        rest={key: section for key, section in rest.items() if section},
    )
