"""What values may enter the model: ranges, categories, missing values. One place for every way in.

Works on tensors, so named rows and protocol tensors, JSON and binary, obey the same rules.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import cycle
from typing import Any, Final, Literal, NamedTuple

from serin.errors import InvalidInput
from serin.manifest import Feature, Manifest, MissingFill, TensorInput
from serin.protocol import Datatype
from serin.tensor import Tensor, elements, pack, round_to

_FAULTY: Final = frozenset({Datatype.INT32, Datatype.INT64})
"""Whose lowest number processors cannot divide by -1; narrower types are widened first."""

Range = tuple[float | None, float | None]


class Column(NamedTuple):
    """The rule of one feature, or of all elements of a tensor input.

    ``low``, ``high``: both inclusive, as the tensor's datatype holds them. ``infinite``: infinities may pass.
    """

    label: str
    low: float
    high: float
    expected: str
    missing: Literal["reject", "allow"] | MissingFill
    infinite: bool
    categories: frozenset[bytes] | None


class InputPolicy:
    """The rules of one tensor input, column by column: element ``i`` is of column ``i % len(columns)``."""

    def __init__(self, datatype: Datatype, columns: Sequence[Column]) -> None:
        self.columns = tuple(columns)
        self._numeric = datatype.is_float or any(map(_is_bounded, columns))
        self._categorical = any(column.categories is not None for column in columns)

    @property
    def judges(self) -> bool:
        """Whether any value could be refused or filled."""
        return self._numeric or self._categorical

    def apply(self, tensor: Tensor) -> Tensor:
        """``tensor`` itself, or a copy in which missing values are filled, after a look at every value by itself.

        Raises:
            InvalidInput: a value is missing, not finite, out of range or not a category; names row and field.
        """
        if isinstance(tensor.data, list):
            if self._categorical:
                self._check_categories(tensor.data)
            return tensor
        return self._inspect(tensor, elements(tensor)) if self._numeric else tensor

    def _check_categories(self, data: list[bytes]) -> None:
        for i, (value, column) in enumerate(zip(data, cycle(self.columns), strict=False)):
            if column.categories is not None and value not in column.categories:
                raise InvalidInput(f"{self._place(i)}: is not one of the categories")

    def _inspect(self, tensor: Tensor, values: Sequence[Any]) -> Tensor:
        """Value by value: refuse, let pass, or fill."""
        filled: dict[int, float] = {}
        for i, (value, column) in enumerate(zip(values, cycle(self.columns), strict=False)):
            if column.low <= value <= column.high:
                continue
            if value != value:  # NaN
                if column.missing == "reject":
                    raise InvalidInput(f"{self._place(i)}: a value is missing")
                if isinstance(column.missing, MissingFill):
                    filled[i] = float(column.missing.fill)
            elif not (column.infinite and math.isinf(value)):
                raise InvalidInput(f"{self._place(i)}: {column.expected}")
        if not filled:
            return tensor
        data = pack(tensor.datatype, [filled.get(i, value) for i, value in enumerate(values)])
        return Tensor(tensor.datatype, tensor.shape, data)

    def _place(self, element: int) -> str:
        row, column = divmod(element, len(self.columns))
        return f"row {row}, {self.columns[column].label}" if len(self.columns) > 1 else self._single(element)

    def _single(self, element: int) -> str:
        return f"element {element}, {self.columns[0].label}"


def build_policies(manifest: Manifest, *, divides: bool = False) -> dict[str, InputPolicy]:
    """The policy of every tensor input.

    Args:
        manifest: Where the rules stand.
        divides: Whether the model divides, so that INT32 and INT64 inputs must not hold their lowest number. (One
            that the model computes itself, from other numbers, cannot be seen here.)
    """
    policies = {}
    packed = features_by_input(manifest)
    for tensor in manifest.inputs:
        lowest = _lowest(tensor.datatype) if divides else None
        columns = [_feature_column(feature, tensor, lowest) for feature in packed[tensor.name]]
        policies[tensor.name] = InputPolicy(tensor.datatype, columns or [_tensor_column(tensor, lowest)])
    return policies


def features_by_input(manifest: Manifest) -> dict[str, list[Feature]]:
    """The features that are packed into each tensor input, in the order of their columns."""
    packed: dict[str, list[Feature]] = {tensor.name: [] for tensor in manifest.inputs}
    for feature in manifest.features:
        packed[manifest.input_of(feature)].append(feature)
    return packed


def finite_column(name: str, datatype: Datatype) -> Column:
    """The rule of a tensor that may hold any number but NaN and infinities."""
    low, high = _bounds(None, datatype, None)
    expected = _expected(None, None)
    return Column(f"tensor `{name}`", low, high, expected, missing="reject", infinite=False, categories=None)


def _feature_column(feature: Feature, tensor: TensorInput, lowest: float | None) -> Column:
    low, high = _bounds(feature.range, tensor.datatype, lowest)
    categories = feature.categories
    return Column(
        label=f"feature `{feature.name}`",
        low=low,
        high=high,
        expected=_expected(feature.range, lowest),
        missing=feature.missing,
        infinite=False,
        categories=None if categories is None else frozenset(category.encode() for category in categories),
    )


def _tensor_column(tensor: TensorInput, lowest: float | None) -> Column:
    low, high = _bounds(tensor.range, tensor.datatype, lowest)
    return Column(
        label=f"input `{tensor.name}`",
        low=low,
        high=high,
        expected=_expected(tensor.range, lowest),
        missing=tensor.non_finite,
        infinite=tensor.non_finite == "allow",
        categories=None,
    )


def _lowest(datatype: Datatype) -> float | None:
    """The number that must not be divided, where there is one."""
    limits = datatype.limits
    return limits[0] if limits is not None and datatype in _FAULTY else None


def _bounds(declared: Range | None, datatype: Datatype, lowest: float | None) -> tuple[float, float]:
    """What the datatype makes of the declared bounds, never beyond the finite numbers of a floating one."""
    low, high = declared or (None, None)
    finite = datatype.limits if datatype.is_float else None
    least, most = finite or (-math.inf if lowest is None else lowest + 1, math.inf)
    return (
        least if low is None else max(least, round_to(datatype, low)),
        most if high is None else min(most, round_to(datatype, high)),
    )


def _is_bounded(column: Column) -> bool:
    return (column.low, column.high) != (-math.inf, math.inf)


def _expected(declared: Range | None, lowest: float | None) -> str:
    low, high = declared or (None, None)
    if low is not None and high is not None:
        return f"must be between {low:.15g} and {high:.15g}"
    if low is not None:
        return f"must be a finite number of at least {low:.15g}"
    above = "" if lowest is None else f" above {lowest}, which the model cannot divide"
    if high is not None:
        return f"must be a finite number of at most {high:.15g}" + (above and f" and{above}")
    return f"must be a finite number{above}"
