"""What a trained model is, whichever framework it comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from cli.outcome import CommandError, ExitCode
from serin.manifest import Prediction, TensorInput

if TYPE_CHECKING:
    import numpy as np
    import onnx

    from cli.packaging.features import Column
    from cli.packaging.rows import Rows

    Array = np.ndarray[Any, Any]


class SourceRefused(CommandError):
    """A trained model, or the data beside it, that cannot be packaged: one line that says why, and what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(ExitCode.REFUSED, message)


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What a model answers for some rows.

    ``outputs``: by the name that the ONNX model gives them; the first axis is the rows, numbers in the framework's own
    precision. ``labels``: for a classifier, what the framework itself calls each row, as text; None where it has no
    way of its own to say it.
    """

    outputs: Mapping[str, Array]
    labels: Array | None = None


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How rows go into the ONNX model.

    ``inputs``: its tensor inputs. ``columns``: for named features, the column names that are packed into each input,
    in order; empty for a model that takes tensors as they are.
    """

    inputs: tuple[TensorInput, ...]
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class Source(Protocol):
    """A trained model in its own framework.

    ``framework``: name and version for people, e.g. ``scikit-learn 1.9.1``. ``tools``: the distributions (as pip names
    them) that training and conversion used; their versions go into the lock. ``feature_names``: the columns that it
    was trained on, in order; None where it does not know them. ``feature_count``: how many they are, where it knows.
    ``tensor_names``: names of its inputs where it takes tensors with a batch axis and no named features, else None.
    ``operators``: operators beyond the standard ones that its converter may put into the graph, by domain and name.
    """

    framework: str
    tools: tuple[str, ...]
    feature_names: tuple[str, ...] | None
    feature_count: int | None
    tensor_names: tuple[str, ...] | None
    operators: tuple[str, ...]

    def layout(self, columns: Sequence[Column], rows: Rows) -> Layout:
        """The ONNX model's inputs for these columns (tabular) or for ``rows.tensors`` (tensor models).

        Raises:
            SourceRefused: it cannot take them.
        """

    def prediction(self, rows: Rows) -> Prediction:
        """What its outputs mean: ``Classification`` (without ``positive`` and ``threshold``), ``Regression`` or
        ``Tensors``, naming outputs of ``convert``'s model. ``rows.target`` tells where the model itself does not.
        """

    def answer(self, rows: Rows) -> Answers:
        """The framework's own answers.

        Raises:
            SourceRefused: it fails on these rows; the line names what failed.
        """

    def convert(self, layout: Layout) -> onnx.ModelProto:
        """The same as an ONNX model: inputs of ``layout``, outputs of ``answer``, preprocessing included.

        Each output has the batch (-1) as its first axis. Names inside and the rest need not be stable or clean:
        ``graph.canonical`` sees to it.

        Raises:
            SourceRefused: the converter cannot do it; names the step that it cannot do.
        """
