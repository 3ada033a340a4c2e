"""Variants of an ONNX model, made with ONNX Runtime's own tools. The only module that imports those.

Sources: ONNX Runtime, "Quantize ONNX models" (how integers stand for numbers, which settings suit which processor),
"Float16 and mixed precision models" and "Graph optimizations".
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    import numpy as np
    import onnx

    Array = np.ndarray[Any, Any]

Kind = Literal["present", "graph", "int8", "int8-static", "fp16"]
"""The model as it is; its graph optimised offline; INT8 with ranges found run by run, or calibrated on data; FP16."""

PRESENT: Final = "present"
LOSSY: Final[frozenset[str]] = frozenset({"int8", "int8-static", "fp16"})
"""Those that compute with fewer digits."""

Architecture = Literal["x86_64", "arm64"]

_PRODUCTS: Final = frozenset({"Attention", "Conv", "ConvTranspose", "GRU", "Gemm", "LSTM", "MatMul", "RNN"})
"""What multiplies by learned constants. Trees and the linear models of ai.onnx.ml do it within one operator."""
_BETWEEN: Final = frozenset(
    {
        "Add", "AveragePool", "Clip", "Concat", "Flatten", "GlobalAveragePool", "MaxPool", "Pad", "Relu", "Reshape",
        "Slice", "Split", "Squeeze", "Transpose", "Unsqueeze",
    }
)  # fmt: skip
"""What may stay in INT8 between two products. A Softmax is not: its 256 steps would be the model's answer."""
_QUANTISED: Final = ("Quantize", "Integer", "QLinear", "QAttention")
"""Parts of the names of operators on integers."""

_ELEMENTS: Final = {"tensor(float)": 1, "tensor(int32)": 6, "tensor(int64)": 7, "tensor(bool)": 9, "tensor(double)": 11}
"""ONNX Runtime's names of types, and ONNX's numbers of them (TensorProto.DataType)."""

CALIBRATION_ROWS: Final = 1000
"""Of the data; more of them hardly widen a range."""
CALIBRATION_PREFIX: Final = "input."
"""Of the arrays' names in a file of such rows: an input may be named like an argument of numpy's."""
_CALIBRATION_BATCH: Final = 100


class NotMade(Exception):
    """This model has no such variant; the message says why."""


def make(kind: Kind, artifact: bytes, architecture: Architecture, calibration: Path | None, *, batched: bool) -> bytes:
    """The variant ``kind`` of an ONNX model, again as an ONNX model with the same inputs and outputs.

    Args:
        kind: Which.
        artifact: The model file.
        architecture: Of the processors that it will run on.
        calibration: For ``int8-static``: an .npz file of rows, an array an input (``CALIBRATION_PREFIX`` and its name).
        batched: Whether several of these rows go into one run.

    Raises:
        NotMade: the model has nothing that it could be made of.
    """
    import onnx

    if kind == PRESENT:
        return artifact
    source = onnx.load_model_from_string(artifact)
    with tempfile.TemporaryDirectory(prefix="serin-") as name:
        scratch = Path(name)
        made = _MAKERS[kind](_tidy(source), scratch, architecture, _batches(calibration, batched=batched))
    return _served(made, source)


def _served(made: onnx.ModelProto, source: onnx.ModelProto) -> bytes:
    """With the signature of the source: the tools fill in lengths that they infer."""
    for kind in ("input", "output"):
        theirs = getattr(made.graph, kind)
        ours = {value.name: value for value in getattr(source.graph, kind)}
        for value in theirs:
            value.CopyFrom(ours[value.name])
    return bytes(_tidy(made).SerializeToString(deterministic=True))


# --- How each is made -----------------------------------------------------------------------------------------

Maker = Callable[["onnx.ModelProto", Path, Architecture, "Sequence[dict[str, Array]]"], "onnx.ModelProto"]


def _graph(source: onnx.ModelProto, scratch: Path, *_: object) -> onnx.ModelProto:
    """Constants folded and operators fused, as far as it suits every processor."""
    import onnx
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(scratch / "graph.onnx")
    onnxruntime.InferenceSession(source.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return onnx.load_model(scratch / "graph.onnx")


def _dynamic(source: onnx.ModelProto, scratch: Path, architecture: Architecture, _: object) -> onnx.ModelProto:
    """Weights in INT8; what is multiplied with them is quantised in each run, by the range that it has there."""
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    prepared, made = _prepared(source, scratch), scratch / "int8.onnx"
    quantize_dynamic(prepared, made, weight_type=QuantType.QInt8, reduce_range=_seven_bits(architecture))
    return _quantised(onnx.load_model(made))


def _static(
    source: onnx.ModelProto, scratch: Path, architecture: Architecture, batches: Sequence[dict[str, Array]]
) -> onnx.ModelProto:
    """Weights and what lies between products in INT8, by the ranges that calibration rows have there."""
    import onnx
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Reader(CalibrationDataReader):  # type: ignore[misc]  # the tools ship no types
        def __init__(self) -> None:
            self._left = iter(batches)

        def get_next(self) -> dict[str, Array] | None:
            return next(self._left, None)

    prepared, made = _prepared(source, scratch), scratch / "static.onnx"
    on_arm = architecture == "arm64"
    quantize_static(
        prepared,
        made,
        Reader(),
        quant_format=QuantFormat.QDQ,
        activation_type=QuantType.QInt8 if on_arm else QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        reduce_range=_seven_bits(architecture),
        op_types_to_quantize=sorted((_PRODUCTS | _BETWEEN) - {"Attention", "GRU", "LSTM", "RNN"}),
        extra_options={"OpTypesToExcludeOutputQuantization": ["Gemm", "MatMul"], "ActivationSymmetric": on_arm},
    )
    return _quantised(onnx.load_model(made))


def _half(source: onnx.ModelProto, *_: object) -> onnx.ModelProto:
    """Numbers of 16 bits inside, FP32 at the inputs and outputs."""
    from onnxruntime.transformers.float16 import convert_float_to_float16

    _need_products(source)
    made: onnx.ModelProto = convert_float_to_float16(source, keep_io_types=True)
    return made


_MAKERS: Final[dict[str, Maker]] = {"graph": _graph, "int8": _dynamic, "int8-static": _static, "fp16": _half}


def _prepared(source: onnx.ModelProto, scratch: Path) -> Path:
    """The shapes inferred and the graph simplified, which quantisation builds on."""
    import onnx
    from onnxruntime.quantization.shape_inference import quant_pre_process

    _need_products(source)
    given, prepared = scratch / "source.onnx", scratch / "prepared.onnx"
    onnx.save_model(source, given)
    # Symbolic inference is for transformers alone, and would need another package.
    quant_pre_process(given, prepared, skip_symbolic_shape=True)
    onnx.save_model(_typed(_tidy(onnx.load_model(prepared))), prepared)
    return prepared


def _typed(model: onnx.ModelProto) -> onnx.ModelProto:
    """With the type of every tensor: ONNX's own inference stops at operators of ai.onnx.ml, ONNX Runtime's does not."""
    import onnx
    import onnxruntime

    graph = model.graph
    known = {value.name for value in [*graph.input, *graph.output, *graph.value_info]}
    unknown = [name for node in graph.node for name in node.output if name and name not in known]
    asked = onnx.ModelProto()
    asked.CopyFrom(model)
    asked.graph.output.extend(onnx.ValueInfoProto(name=name) for name in unknown)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(asked.SerializeToString(), options, providers=["CPUExecutionProvider"])
    for value in session.get_outputs():
        if value.name in unknown and value.type in _ELEMENTS:
            # Without lengths where there are none: it says the same of a scalar and of what it does not know.
            shape = [length if isinstance(length, int) else None for length in value.shape] or None
            graph.value_info.append(onnx.helper.make_tensor_value_info(value.name, _ELEMENTS[value.type], shape))
    return model


def _seven_bits(architecture: Architecture) -> bool:
    """Whether weights must keep one bit free: on some x86_64 processors (before VNNI) sums of products overflow."""
    return architecture == "x86_64"


def _batches(calibration: Path | None, *, batched: bool) -> Sequence[dict[str, Array]]:
    import numpy as np

    if calibration is None:
        return []
    with np.load(calibration, allow_pickle=False) as opened:
        rows = {name.removeprefix(CALIBRATION_PREFIX): values for name, values in opened.items()}
    count, step = len(next(iter(rows.values()))), _CALIBRATION_BATCH if batched else 1
    return [{name: values[start : start + step] for name, values in rows.items()} for start in range(0, count, step)]


# --- What is in a graph ---------------------------------------------------------------------------------------


def _need_products(model: onnx.ModelProto) -> None:
    if not any(node.op_type in _PRODUCTS for node in _nodes(model.graph)):
        raise NotMade("no product of matrices in it; trees and the like stay as they are")


def _quantised(model: onnx.ModelProto) -> onnx.ModelProto:
    if not any(part in node.op_type for node in _nodes(model.graph) for part in _QUANTISED):
        raise NotMade("no product in it has constant weights that could be quantised")
    return model


def _tidy(model: onnx.ModelProto) -> onnx.ModelProto:
    """With the operator sets that it uses, each named once: some tools name one twice, some all that they know."""
    import onnx

    domains = {node.domain for node in _nodes(model.graph)} | {function.domain for function in model.functions}
    domains |= {""} | {opset.domain for function in model.functions for opset in function.opset_import}
    versions = {opset.domain: opset.version for opset in model.opset_import if opset.domain in domains}
    tidy = onnx.ModelProto()
    tidy.CopyFrom(model)
    del tidy.opset_import[:]
    tidy.opset_import.extend(onnx.helper.make_opsetid(domain, versions[domain]) for domain in sorted(versions))
    return tidy


def _nodes(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    """Every node, also those in the bodies of others."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for body in [attribute.g, *attribute.graphs]:
                yield from _nodes(body)
