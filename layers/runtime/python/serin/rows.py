"""Named rows, as ``POST /models/{model}/predict`` takes them, into tensors. Built once, from the manifest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

import msgspec

from serin import strict_json
from serin.errors import InvalidInput, PayloadTooLarge
from serin.manifest import Feature, Manifest, MissingFill, TensorInput
from serin.nested import flatten, nested_list
from serin.protocol import Datatype
from serin.tensor import Tensor, pack

_JSON_TYPES: Final[dict[str, type]] = {"float": float, "int": int, "bool": bool, "string": str}


class RowDecoder:
    """``{"instances": [{name: value}]}`` into one tensor for every input of the model."""

    def __init__(self, manifest: Manifest) -> None:
        self._max_rows = manifest.serving.max_batch_rows
        self._packers = _feature_packers(manifest) if manifest.features else _tensor_packers(manifest)
        names = [feature.name for feature in manifest.features] or [tensor.name for tensor in manifest.inputs]
        self._known = (*names, "instances")
        self._fields = len(names)
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
        columns = list(zip(*map(msgspec.structs.astuple, rows), strict=True))
        absent = sum(column.count(msgspec.UNSET) for column in columns)
        strict_json.refuse_duplicate_keys(body, 1 + len(rows) * self._fields - absent)
        if not rows:
            raise InvalidInput("`instances` holds no row")
        return {packer.name: packer.pack(columns) for packer in self._packers}


@dataclass(frozen=True, slots=True)
class _FeaturePacker:
    """Columns of named features side by side in one tensor of shape [rows, features], or [rows] for one."""

    name: str
    datatype: Datatype
    features: tuple[tuple[int, Feature], ...]
    flat: bool

    def pack(self, columns: Sequence[tuple[Any, ...]]) -> Tensor:
        filled = [_fill(columns[position], feature) for position, feature in self.features]
        rows = len(filled[0])
        values = filled[0] if len(filled) == 1 else tuple(chain.from_iterable(zip(*filled, strict=True)))
        try:
            data = pack(self.datatype, values)
        except ValueError as error:
            names = ", ".join(f"`{feature.name}`" for _, feature in self.features[:3])
            raise InvalidInput(f"a value of {names} {error}") from None
        return Tensor(self.datatype, (rows,) if self.flat else (rows, len(filled)), data)


@dataclass(frozen=True, slots=True)
class _TensorPacker:
    """One nested list a row, stacked along the batch axis."""

    name: str
    datatype: Datatype
    shape: tuple[int, ...]
    position: int

    def pack(self, columns: Sequence[tuple[Any, ...]]) -> Tensor:
        batched = bool(self.shape) and self.shape[0] == -1
        rows = columns[self.position]
        if not batched and len(rows) != 1:
            raise InvalidInput(f"input `{self.name}` has no batch axis; send one row a request")
        due = self.shape[1:] if batched else self.shape
        shapes, values = zip(*(flatten(row, len(due)) for row in rows), strict=True)
        if len(set(shapes)) != 1 or any(d not in {-1, axis} for d, axis in zip(due, shapes[0], strict=True)):
            raise InvalidInput(f"input `{self.name}` wants rows of shape {list(due)}, -1 for any length")
        if 0 in shapes[0]:
            raise InvalidInput(f"input `{self.name}`: an axis of length 0 holds no element")
        try:
            data = pack(self.datatype, list(chain.from_iterable(values)))
        except ValueError as error:
            raise InvalidInput(f"an element of input `{self.name}` {error}") from None
        return Tensor(self.datatype, (len(rows), *shapes[0]) if batched else shapes[0], data)


def _feature_fields(features: Iterable[Feature]) -> list[Any]:
    fields: list[Any] = []
    for i, feature in enumerate(features):
        json_type = _JSON_TYPES[feature.type]
        if feature.missing == "reject":
            fields.append((f"_{i}", json_type))
        else:
            fields.append((f"_{i}", json_type | msgspec.UnsetType | None, msgspec.UNSET))
    # msgspec wants required fields first; the order of positions is restored by name.
    return sorted(fields, key=len)


def _tensor_fields(inputs: Iterable[TensorInput]) -> list[Any]:
    return [
        (f"_{i}", nested_list(tensor.datatype, max(0, len(tensor.shape) - (tensor.shape[:1] == (-1,)))))
        for i, tensor in enumerate(inputs)
    ]


def _feature_packers(manifest: Manifest) -> list[_FeaturePacker | _TensorPacker]:
    order = [int(field[0][1:]) for field in _feature_fields(manifest.features)]
    packers: list[_FeaturePacker | _TensorPacker] = []
    for tensor in manifest.inputs:
        features = tuple(
            (order.index(i), feature)
            for i, feature in enumerate(manifest.features)
            if manifest.input_of(feature) == tensor.name
        )
        packers.append(_FeaturePacker(tensor.name, tensor.datatype, features, flat=len(tensor.shape) == 1))
    return packers


def _tensor_packers(manifest: Manifest) -> list[_FeaturePacker | _TensorPacker]:
    return [_TensorPacker(tensor.name, tensor.datatype, tensor.shape, i) for i, tensor in enumerate(manifest.inputs)]


def _fill(column: tuple[Any, ...], feature: Feature) -> tuple[Any, ...]:
    """Put the policy's value where one is missing."""
    if feature.missing == "reject" or not any(value is None or value is msgspec.UNSET for value in column):
        return column
    fill = feature.missing.fill if isinstance(feature.missing, MissingFill) else float("nan")
    return tuple(fill if value is None or value is msgspec.UNSET else value for value in column)
