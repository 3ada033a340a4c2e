"""Named rows, as ``POST /models/{model}/predict`` takes them, into tensors. Built once, from the manifest."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, cycle
from operator import itemgetter
from typing import Any, Final

import msgspec

from serin import strict_json
from serin.errors import InvalidInput, PayloadTooLarge
from serin.manifest import Feature, Manifest, MissingFill, TensorInput
from serin.nested import flatten, nested_list
from serin.policy import features_by_input
from serin.tensor import Tensor, pack, row_packer

_JSON_TYPES: Final[dict[str, type]] = {"float": float, "int": int, "bool": bool, "string": str}


class RowDecoder:
    """``{"instances": [{name: value}]}`` into one tensor for every input of the model."""

    def __init__(self, manifest: Manifest) -> None:
        self._max_rows = manifest.serving.max_batch_rows
        self._packers = _feature_packers(manifest) if manifest.features else _tensor_packers(manifest)
        names = [feature.name for feature in manifest.features] or [tensor.name for tensor in manifest.inputs]
        self._known = (*names, "instances")
        self._fields = len(names)
        self._optional = any(feature.missing != "reject" for feature in manifest.features)
        # Field names are positions, because a feature's name need not be an identifier.
        row_type = msgspec.defstruct(
            "Row",
            _feature_fields(manifest.features) if manifest.features else _tensor_fields(manifest.inputs),
            rename={f"_{i}": name for i, name in enumerate(names)},
            forbid_unknown_fields=True,
            gc=False,
        )
        body_type = msgspec.defstruct("Body", [("instances", list[row_type])], forbid_unknown_fields=True)  # type: ignore[valid-type]
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(body_type)

    def decode(self, body: bytes) -> dict[str, Tensor]:
        """Tensors of one request, in row order.

        Raises:
            MalformedRequest: not JSON, or a key stands twice.
            InvalidInput: an unknown or missing field, a wrong type, no row.
            PayloadTooLarge: more rows than the manifest's ``max_batch_rows``.
        """
        if strict_json.has_more_objects(body, self._max_rows + 1):  # the rows, and the object around them
            raise PayloadTooLarge(f"more than {self._max_rows} rows in one request")
        rows = strict_json.decode(self._decoder, body, self._known).instances
        values = list(map(msgspec.structs.astuple, rows))
        absent = sum(row.count(msgspec.UNSET) for row in values) if self._optional else 0
        strict_json.refuse_duplicate_keys(body, 1 + len(rows) * self._fields - absent)
        if not rows:
            raise InvalidInput("`instances` holds no row")
        return {packer.name: packer.pack(values) for packer in self._packers}


class _FeaturePacker:
    """Named features side by side in one tensor of shape [rows, features], or [rows] for one."""

    def __init__(self, tensor: TensorInput, positions: Sequence[int], features: Sequence[Feature], fields: int) -> None:
        """``positions``: where a row holds the value of each of ``features``; it holds ``fields``."""
        self.name = tensor.name
        self._datatype = tensor.datatype
        self._features = features
        self._flat = len(tensor.shape) == 1
        self._pick = None if list(positions) == list(range(fields)) else _picker(positions)
        self._fills = [_fill_of(feature) for feature in features]
        self._optional = any(feature.missing != "reject" for feature in features)
        self._pack_row = row_packer(tensor.datatype, len(features))

    def pack(self, rows: Sequence[tuple[Any, ...]]) -> Tensor:
        """``rows``: at least one."""
        picked = rows if self._pick is None else list(map(self._pick, rows))
        values = picked[0] if len(picked) == 1 else list(chain.from_iterable(picked))
        if self._optional and (None in values or msgspec.UNSET in values):
            values = [
                fill if value is None or value is msgspec.UNSET else value
                for value, fill in zip(values, cycle(self._fills), strict=False)
            ]
        try:
            data = self._pack_row(values) if len(picked) == 1 else pack(self._datatype, values)
        except ValueError as error:
            names = ", ".join(f"`{feature.name}`" for feature in self._features[:3])
            raise InvalidInput(f"a value of {names} {error}") from None
        return Tensor(self._datatype, (len(rows),) if self._flat else (len(rows), len(self._features)), data)


class _TensorPacker:
    """One nested list a row, stacked along the batch axis."""

    def __init__(self, tensor: TensorInput, position: int) -> None:
        self.name = tensor.name
        self._datatype = tensor.datatype
        self._batched = tensor.shape[:1] == (-1,)
        self._due = tensor.shape[1:] if self._batched else tensor.shape
        self._position = position

    def pack(self, rows: Sequence[tuple[Any, ...]]) -> Tensor:
        """``rows``: at least one."""
        if not self._batched and len(rows) != 1:
            raise InvalidInput(f"input `{self.name}` has no batch axis; send one row a request")
        due = self._due
        shapes, values = zip(*(flatten(row[self._position], len(due)) for row in rows), strict=True)
        if len(set(shapes)) != 1 or any(d not in {-1, axis} for d, axis in zip(due, shapes[0], strict=True)):
            raise InvalidInput(f"input `{self.name}` wants rows of shape {list(due)}, -1 for any length")
        if 0 in shapes[0]:
            raise InvalidInput(f"input `{self.name}`: an axis of length 0 holds no element")
        try:
            data = pack(self._datatype, list(chain.from_iterable(values)))
        except ValueError as error:
            raise InvalidInput(f"an element of input `{self.name}` {error}") from None
        return Tensor(self._datatype, (len(rows), *shapes[0]) if self._batched else shapes[0], data)


def _feature_fields(features: Iterable[Feature]) -> list[Any]:
    fields: list[Any] = []
    for i, feature in enumerate(features):
        json_type = _JSON_TYPES[feature.type]
        if feature.missing == "reject":
            fields.append((f"_{i}", json_type))
        else:
            fields.append((f"_{i}", json_type | msgspec.UnsetType | None, msgspec.UNSET))
    # msgspec wants required fields first; the packers know where each feature then stands.
    return sorted(fields, key=len)


def _tensor_fields(inputs: Iterable[TensorInput]) -> list[Any]:
    return [
        (f"_{i}", nested_list(tensor.datatype, max(0, len(tensor.shape) - (tensor.shape[:1] == (-1,)))))
        for i, tensor in enumerate(inputs)
    ]


def _feature_packers(manifest: Manifest) -> list[_FeaturePacker | _TensorPacker]:
    order = [int(field[0][1:]) for field in _feature_fields(manifest.features)]
    position = {manifest.features[i].name: place for place, i in enumerate(order)}
    packed = features_by_input(manifest)
    return [
        _FeaturePacker(tensor, [position[f.name] for f in packed[tensor.name]], packed[tensor.name], len(order))
        for tensor in manifest.inputs
    ]


def _tensor_packers(manifest: Manifest) -> list[_FeaturePacker | _TensorPacker]:
    return [_TensorPacker(tensor, i) for i, tensor in enumerate(manifest.inputs)]


def _picker(positions: Sequence[int]) -> Callable[[Sequence[Any]], tuple[Any, ...]]:
    """``itemgetter`` gives a bare value where one is asked for, so that one is asked for as a slice."""
    if len(positions) == 1:
        return itemgetter(slice(positions[0], positions[0] + 1))
    return itemgetter(*positions)


def _fill_of(feature: Feature) -> Any:
    """What stands for a missing value; NaN where that is allowed."""
    return feature.missing.fill if isinstance(feature.missing, MissingFill) else math.nan
