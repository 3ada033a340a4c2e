"""What the gradient boosting libraries have in common as a ``Source``: one table of numbers in, one output."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from cli.packaging.source import Answers, Layout, SourceRefused
from cli.packaging.sources.boosted_trees import Ensemble, model_of, output_name
from serin.manifest import Classification, Prediction, Regression, TensorInput, Tensors
from serin.protocol import Datatype

if TYPE_CHECKING:
    import numpy as np
    import onnx
    import pandas as pd

    from cli.packaging.features import Column
    from cli.packaging.rows import Rows

    Array = np.ndarray[Any, Any]

INPUT: Final = "features"


class BoostedSource(ABC):
    """A boosted model of numbers.

    ``labels``: of the classes, in the order of their probabilities; None for a regression. ``datatype``: that in which
    the library itself compares a feature with a threshold.
    """

    tensor_names: tuple[str, ...] | None = None
    operators: tuple[str, ...] = ()
    datatype = Datatype.FP32

    def __init__(
        self,
        *,
        framework: str,
        tools: tuple[str, ...],
        names: Sequence[str] | None,
        ensemble: Ensemble,
        labels: Sequence[str] | None,
    ) -> None:
        self.framework = framework
        self.tools = (*tools, "onnx")
        self.feature_names = None if names is None else tuple(names)
        self.feature_count: int | None = ensemble.features
        self._ensemble = ensemble
        self._labels = None if labels is None else tuple(labels)

    def layout(self, columns: Sequence[Column], rows: Rows) -> Layout:
        """One input of all columns, side by side.

        Raises:
            SourceRefused: a column is text, or there are no columns.
        """
        if rows.table is None:
            raise SourceRefused(
                f"{self.framework} takes a table; give --data a .csv or .parquet file with named columns"
            )
        text = next((column.name for column in columns if column.type == "string"), None)
        if text is not None:
            message = f"column {text!r} holds text, and {self.framework} was trained on numbers"
            raise SourceRefused(
                f"{message}; name the column with --target if it is one, or put the numbers in its place"
            )
        names = tuple(column.name for column in columns)
        given = TensorInput(name=INPUT, datatype=self.datatype, shape=(-1, len(names)))
        return Layout(inputs=(given,), columns={INPUT: names})

    def prediction(self, rows: Rows) -> Prediction:  # noqa: ARG002 - for models that do not say it themselves
        if self._labels is not None:
            return Classification(scores=output_name(self._ensemble), labels=self._labels)
        return Regression(value=output_name(self._ensemble)) if self._ensemble.targets == 1 else Tensors()

    def answer(self, rows: Rows) -> Answers:
        """What the library answers.

        Raises:
            SourceRefused: it fails on these rows.
        """
        if rows.table is None:
            raise SourceRefused(
                f"{self.framework} takes a table; give --data a .csv or .parquet file with named columns"
            )
        try:
            values, labels = self._answers(_numbers(rows.table, self.feature_names))
        except Exception as error:  # noqa: BLE001 - each library raises kinds of its own
            raise SourceRefused(f"{self.framework} fails on these rows ({_first_line(error)})") from None
        return Answers(outputs={output_name(self._ensemble): values.reshape(len(values), -1)}, labels=labels)

    @abstractmethod
    def _answers(self, features: Array) -> tuple[Array, Array | None]:
        """The output for FP64 [rows, features], and what the library calls each row where it does."""

    def convert(self, layout: Layout) -> onnx.ModelProto:
        """One ensemble of trees, and its link function behind it."""
        import onnx

        given = layout.inputs[0]
        types = {Datatype.FP32: onnx.TensorProto.FLOAT, Datatype.FP64: onnx.TensorProto.DOUBLE}
        return model_of(self._ensemble, given.name, types[given.datatype])


def _numbers(table: pd.DataFrame, names: Sequence[str] | None) -> Array:
    import numpy as np

    values: Array = (table if names is None else table[list(names)]).to_numpy(float, na_value=np.nan)
    return values


def two_columns(positive: Array) -> Array:
    """[rows] probabilities of the second of two classes -> [rows, 2]."""
    import numpy as np

    return np.column_stack([1 - positive, positive])


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
