"""Inputs judged and counted in one look: what the policy lets in, and in which of the baseline's bins it falls.

``InputPolicy`` is the rule, value by value, and says what is wrong. A screen comes to the same result without a look
of Python's at each value where nothing is wrong, and asks the policy where something is. Three ways:

- a few values of numbers: a binary search a value, in thresholds that hold the bounds and the edges of the bins;
- ``BATCH_VALUES`` and more, of a datatype that ONNX Runtime compares: ``ThresholdCounter``;
- texts: a look at each distinct one.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, partial
from operator import getitem, sub
from typing import TYPE_CHECKING, Any, Final

import msgspec

from serin.baseline import MISSING, OTHER, Bins, CategoryBins, Histogram, NumericBins
from serin.manifest import Manifest, MissingFill
from serin.policy import Column, InputPolicy, build_policies, features_by_input
from serin.protocol import Datatype
from serin.tensor import Tensor, elements, round_to, row_format

if TYPE_CHECKING:
    from serin.threshold_counts import ThresholdCounter

BATCH_VALUES: Final = 2048
"""From here on a run of the counting graph is quicker than Python's own searches: about 70 rows of 30 features."""


Screened = tuple[Tensor, bytes]
"""An input as the model may see it, and the histograms of its features that have bins.

Those are members of a JSON object, a comma behind each. They go into the log line and nowhere else, so those of the
usual row, one value a feature, are not built but put together from text that is there already.
"""


class Screens:
    """The screens of all inputs of a model. Safe to call from several threads at once."""

    def __init__(self, manifest: Manifest, bins: Mapping[str, Bins], *, divides: bool) -> None:
        """``bins``: the baseline's, by feature. ``divides``: as ``build_policies`` takes it."""
        features = features_by_input(manifest)
        self._screens: dict[str, NumberScreen | TextScreen] = {}
        for tensor, policy in zip(manifest.inputs, build_policies(manifest, divides=divides).values(), strict=True):
            counted = [(feature.name, bins.get(feature.name)) for feature in features[tensor.name]]
            kind = TextScreen if tensor.datatype is Datatype.BYTES else NumberScreen
            self._screens[tensor.name] = kind(tensor.datatype, policy, counted or [("", None)])

    def __call__(self, inputs: Mapping[str, Tensor], deadline: float) -> tuple[dict[str, Tensor], msgspec.Raw | None]:
        """The inputs as the model may see them, and all their histograms by feature; None where there are none.

        Args:
            inputs: Every input, of its datatype and shape.
            deadline: ``time.monotonic()`` seconds.

        Raises:
            InvalidInput: a value breaks the policy; names row and field.
            DeadlineExceeded: no time left.
        """
        allowed: dict[str, Tensor] = {}
        members = b""
        for name, tensor in inputs.items():
            allowed[name], bins = self._screens[name](tensor, deadline)
            members += bins
        return allowed, msgspec.Raw(b"{%b}" % members[:-1]) if members else None


class _Scale:
    """Bounds and edges of one column in one ascending list. ``bisect_right`` in it is 0 below the lowest allowed
    value, ``len(thresholds)`` above the highest and for NaN, and else the number of a step.

    ``steps``: what is to be said of one value there; None where it is no allowed number. ``missing``: the same for
    NaN. ``labels``: the bins of the steps between the bounds.
    """

    def __init__(self, name: str, column: Column, bins: Bins | None) -> None:
        edges = bins.edges if isinstance(bins, NumericBins) else ()
        # A number above the highest allowed one is at least the next double.
        above = math.nextafter(column.high, math.inf)
        self.thresholds = (column.low, *(edge for edge in edges if column.low < edge < above), above)
        # A category is a text: no number is one, and no number is missing among categories.
        self.missing_label = OTHER if isinstance(bins, CategoryBins) else MISSING
        self._edges = edges if isinstance(bins, NumericBins) else None
        self.labels = [self.bin_of(reached) for reached in self.thresholds[:-1]]
        said = [b"" if bins is None else _members({name: {label: 1}}) for label in (*self.labels, self.missing_label)]
        self.missing = said.pop()
        self.steps = [None, *said, None]

    def bin_of(self, number: float) -> str:
        """The bin of any number, within the bounds or not."""
        return OTHER if self._edges is None else str(bisect_right(self._edges, number))


class NumberScreen:
    """The screen of an input of numbers, flags included."""

    def __init__(self, datatype: Datatype, policy: InputPolicy, columns: Sequence[tuple[str, Bins | None]]) -> None:
        """``columns``: name and bins of each column's feature."""
        self._datatype = datatype
        self._policy = policy
        self._names = [name for name, _ in columns]
        rules = zip(policy.columns, columns, strict=True)
        self._scales = [_Scale(name, rule, bins) for rule, (name, bins) in rules]
        self._thresholds = [scale.thresholds for scale in self._scales]
        self._steps = [scale.steps for scale in self._scales]
        self._bins = {name: bins for name, bins in columns if bins is not None}
        self._row_format = row_format(datatype, len(self._scales))
        self._passes = not policy.judges and not self._bins

    def __call__(self, tensor: Tensor, deadline: float) -> Screened:
        """Judge and count; raises what ``Screens`` says."""
        if self._passes:
            return tensor, b""
        data, row = tensor.data, self._row_format
        if row is not None and len(data) == row.size and not (isinstance(data, memoryview) and data.itemsize > 1):
            bins = self._row(row.unpack(data))  # type: ignore[arg-type]
            if bins is not None:
                return tensor, bins
        allowed, histograms = self.count(tensor, deadline)
        return allowed, _members(histograms)

    def count(self, tensor: Tensor, deadline: float) -> tuple[Tensor, dict[str, Histogram]]:
        """The same for any number of rows, with the histograms by feature."""
        values = elements(tensor)
        if isinstance(values, memoryview) and len(values) >= BATCH_VALUES and self._datatype in _COUNTABLE:
            return self._batch(tensor, values, deadline)
        histograms = self._columns(values)
        return self._value_by_value(tensor) if histograms is None else (tensor, self._named(histograms))

    def _row(self, values: Sequence[Any]) -> bytes | None:
        """What is to be said of one value a column; None where one is not simply allowed."""
        said: list[Any] = list(map(getitem, self._steps, map(bisect_right, self._thresholds, values)))
        try:
            return b"".join(said)
        except TypeError:  # one is None
            pass
        for i, value in enumerate(values):
            if said[i] is None:
                if value == value or self._policy.columns[i].missing != "allow":
                    return None
                said[i] = self._scales[i].missing
        return b"".join(said)

    def _columns(self, values: Sequence[Any]) -> list[Histogram] | None:
        """The same for several values a column."""
        histograms: list[Histogram] = []
        width = len(self._scales)
        for i, scale in enumerate(self._scales):
            found = Counter(map(partial(bisect_right, scale.thresholds), values[i::width]))
            if 0 in found or len(scale.thresholds) in found:
                return None
            histograms.append(_summed((scale.labels[step - 1], count) for step, count in found.items()))
        return histograms

    @cached_property
    def _reached(self) -> ThresholdCounter:
        return self._counter(self._thresholds)

    @cached_property
    def _numbers(self) -> ThresholdCounter:
        """Every number reaches minus infinity, and NaN does not."""
        return self._counter([(-math.inf,)] * len(self._scales))

    def _counter(self, thresholds: Sequence[Sequence[float]]) -> ThresholdCounter:
        from serin.threshold_counts import ThresholdCounter  # not before a request is so large

        return ThresholdCounter(self._datatype, thresholds)

    def _batch(self, tensor: Tensor, values: memoryview[Any], deadline: float) -> tuple[Tensor, dict[str, Histogram]]:
        """The same by ONNX Runtime, which tells missing values from those out of range."""
        rows = len(values) // len(self._scales)
        counted = self._reached(values, deadline)
        numbers = [[rows]] * len(self._scales)
        if any(reached[0] < rows for reached in counted):
            numbers = self._numbers(values, deadline)
        histograms: list[Histogram] = []
        gaps: dict[int, float] = {}
        for i, (rule, scale, reached) in enumerate(zip(self._policy.columns, self._scales, counted, strict=True)):
            missing = rows - numbers[i][0]
            if reached[0] < numbers[i][0] or reached[-1] or (missing and rule.missing == "reject"):
                return self._value_by_value(tensor)
            counts = list(map(sub, reached, reached[1:]))
            label = scale.missing_label
            if missing and isinstance(rule.missing, MissingFill):
                gaps[i] = fill = round_to(self._datatype, float(rule.missing.fill))
                label = scale.bin_of(fill)
            histograms.append(_summed([*zip(scale.labels, counts, strict=True), (label, missing)]))
        return self._filled(tensor, values, gaps) if gaps else tensor, self._named(histograms)

    def _filled(self, tensor: Tensor, values: memoryview[Any], gaps: Mapping[int, float]) -> Tensor:
        """``tensor`` with what is missing in the columns ``gaps`` filled, all other bits as they are."""
        filled = Tensor(tensor.datatype, tensor.shape, bytearray(values))
        column: Any
        for i, fill in gaps.items():
            column = elements(filled)[i :: len(self._scales)]
            for row, value in enumerate(column):
                if value != value:
                    column[row] = fill
        return filled

    def _value_by_value(self, tensor: Tensor) -> tuple[Tensor, dict[str, Histogram]]:
        allowed = self._policy.apply(tensor)
        values, width = elements(allowed), len(self._scales)
        columns = {name: values[i::width] for i, name in enumerate(self._names)}
        return allowed, {name: bins.count(columns[name]) for name, bins in self._bins.items()}

    def _named(self, histograms: list[Histogram]) -> dict[str, Histogram]:
        named = zip(self._names, histograms, strict=True)
        return {name: histogram for name, histogram in named if name in self._bins}


class TextScreen:
    """The screen of an input of texts."""

    def __init__(self, _datatype: Datatype, policy: InputPolicy, columns: Sequence[tuple[str, Bins | None]]) -> None:
        """``columns``: name and bins of each column's feature."""
        self._policy = policy
        self._names = [name for name, _ in columns]
        self._bins = [None if bins is None else _TextBins(bins) for _, bins in columns]

    def __call__(self, tensor: Tensor, _deadline: float) -> Screened:
        """Judge and count; raises what ``Screens`` says."""
        texts, width = elements(tensor), len(self._bins)
        counted: dict[str, Histogram] = {}
        for i, (name, bins, rule) in enumerate(zip(self._names, self._bins, self._policy.columns, strict=True)):
            if bins is None and rule.categories is None:
                continue
            found = Counter(texts[i::width])
            if rule.categories is not None and not found.keys() <= rule.categories:
                self._policy.apply(tensor)  # says which value it is
            if bins is not None:
                counted[name] = bins.count(found)
        return tensor, _members(counted)


class _TextBins:
    """Bins by text as a tensor holds it. A text is no number: among numeric bins it is missing."""

    def __init__(self, bins: Bins) -> None:
        categories = bins.categories if isinstance(bins, CategoryBins) else ()
        self._label = {category.encode(): str(i) for i, category in enumerate(categories)}
        self._otherwise = OTHER if isinstance(bins, CategoryBins) else MISSING

    def count(self, found: Mapping[bytes, int]) -> Histogram:
        return _summed((self._label.get(text, self._otherwise), count) for text, count in found.items())


def _members(histograms: Mapping[str, Histogram]) -> bytes:
    return _ENCODER.encode(histograms)[1:-1] + b"," if histograms else b""


def _summed(counts: Iterable[tuple[str, int]]) -> Histogram:
    """Counts by label, without the empty ones."""
    histogram: Histogram = {}
    for label, count in counts:
        if count:
            histogram[label] = histogram.get(label, 0) + count
    return histogram


_ENCODER: Final = msgspec.json.Encoder()
_COUNTABLE: Final = frozenset({Datatype.FP32, Datatype.FP64, Datatype.INT32, Datatype.INT64})
"""What ``ThresholdCounter`` counts."""
