"""Whether requests that one model takes are taken by another, and mean the same there: told from the manifests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from serin.manifest import Classification, Feature, Manifest, Regression, TensorInput, TensorOutput
from serin.openapi.examples import Bounds


def broken_for_clients(a: Manifest, b: Manifest) -> Iterator[str]:
    """Each way in which a client of ``a`` would be refused or misled by ``b``, in a few words."""
    yield from _tensors("input", a.inputs, b.inputs)
    yield from _tensors("output", a.outputs, b.outputs)
    yield from _features(a.features, b.features)
    yield from _prediction(a, b)
    if b.serving.max_batch_rows < a.serving.max_batch_rows:
        yield f"requests of more than {b.serving.max_batch_rows} rows are refused"


# --- The protocol's tensors -----------------------------------------------------------------------------------


def _tensors(
    kind: str, a: Sequence[TensorInput] | Sequence[TensorOutput], b: Sequence[TensorInput] | Sequence[TensorOutput]
) -> Iterator[str]:
    before, after = ({tensor.name: tensor for tensor in side} for side in (a, b))
    yield from (f"{kind} {name} is gone" for name in before if name not in after)
    if kind == "input":
        yield from (f"input {name} is new" for name in after if name not in before)
    for name, old in before.items():
        if name in after:
            yield from (f"{kind} {name}: {problem}" for problem in _tensor(old, after[name]))


def _tensor(old: TensorInput | TensorOutput, new: TensorInput | TensorOutput) -> Iterator[str]:
    if old.datatype is not new.datatype:
        yield f"{new.datatype.value} instead of {old.datatype.value}"
    taken, given = (new, old) if isinstance(old, TensorInput) else (old, new)
    fits = len(taken.shape) == len(given.shape) and all(
        mine in {-1, axis} for mine, axis in zip(taken.shape, given.shape, strict=True)
    )
    if not fits:
        yield f"shape {list(new.shape)} instead of {list(old.shape)}"
    if isinstance(old, TensorInput) and isinstance(new, TensorInput):
        yield from _values(old, new)
        if old.non_finite == "allow" and new.non_finite == "reject":
            yield "NaN and infinities are refused"


def _values(old: TensorInput | Feature, new: TensorInput | Feature) -> Iterator[str]:
    if not _within(old.range, new.range):
        yield "its range is narrower"
    if old.unit != new.unit:
        yield f"its unit is {new.unit or 'not said'} instead of {old.unit or 'not said'}"


def _within(inner: Bounds, outer: Bounds) -> bool:
    """Whether ``outer`` lets in all that ``inner`` does."""
    (low, high), (lowest, highest) = inner or (None, None), outer or (None, None)
    return (lowest is None or (low is not None and low >= lowest)) and (
        highest is None or (high is not None and high <= highest)
    )


# --- Features -------------------------------------------------------------------------------------------------


def _features(a: Sequence[Feature], b: Sequence[Feature]) -> Iterator[str]:
    if bool(a) != bool(b):
        yield "rows hold features instead of tensors" if b else "rows hold tensors instead of features"
        return
    before, after = ({feature.name: feature for feature in side} for side in (a, b))
    yield from (f"feature {name} is gone" for name in before if name not in after)
    for name, new in after.items():
        if name in before:
            yield from (f"feature {name}: {problem}" for problem in _feature(before[name], new))
        elif new.missing == "reject":
            yield f"feature {name} is new, and must be given"


def _feature(old: Feature, new: Feature) -> Iterator[str]:
    if old.type != new.type and (old.type, new.type) != ("int", "float"):
        yield f"{new.type} instead of {old.type}"
    yield from _values(old, new)
    if new.categories is not None:
        gone = [category for category in old.categories or () if category not in new.categories]
        if old.categories is None:
            yield "takes only some texts"
        elif gone:
            yield f"does not take {', '.join(gone)}"
    if old.missing != "reject" and new.missing == "reject":
        yield "must be given"


# --- Predictions ----------------------------------------------------------------------------------------------


def _prediction(a: Manifest, b: Manifest) -> Iterator[str]:
    old, new = a.prediction, b.prediction
    if type(old) is not type(new):
        yield "the prediction is of another kind"
    elif isinstance(old, Classification) and isinstance(new, Classification):
        if old.labels != new.labels:
            yield f"the labels are {', '.join(new.labels)} instead of {', '.join(old.labels)}"
    elif isinstance(old, Regression) and isinstance(new, Regression) and old.unit != new.unit:
        yield f"the prediction's unit is {new.unit or 'not said'} instead of {old.unit or 'not said'}"
