"""The operators that admission allows: `python .ci/operators.py write` makes the list anew, `check` compares.

Read from what is installed: the standard's schemas from ``onnx``, the CPU provider's kernels, the newest opsets and the
newest IR version from ONNX Runtime.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import onnxruntime as ort
from onnx import TensorProto, defs, helper
from onnxruntime.capi import onnxruntime_pybind11_state as runtime

FILE: Final = Path(__file__).resolve().parents[1] / "layers/runtime/python/serin/admission/operator_list.py"

CPU: Final = "CPUExecutionProvider"
STANDARD: Final = ("", "ai.onnx.ml")
NAMES: Final = {"": "ai.onnx"}

# What ONNX Runtime's graph transformers (onnxruntime/core/optimizer) and its quantisation tools put into a graph.
EMITTED: Final = {
    "": "SimplifiedLayerNormalization",
    "com.microsoft": """
        Attention BiasGelu DequantizeLinear DynamicQuantizeLSTM DynamicQuantizeMatMul
        EmbedLayerNormalization FastGelu FusedConv FusedGemm FusedMatMul Gelu MatMulIntegerToFloat
        MatMulNBits NhwcMaxPool QAttention QGemm QLinearAdd QLinearAveragePool QLinearConcat QLinearConv
        QLinearGlobalAveragePool QLinearLeakyRelu QLinearMul QLinearSigmoid QLinearSoftmax QLinearWhere
        QuantizeLinear QuickGelu SkipLayerNormalization SkipSimplifiedLayerNormalization
    """,
    "com.microsoft.nchwc": """
        AveragePool Conv GlobalAveragePool GlobalMaxPool MaxPool ReorderInput ReorderOutput Upsample
    """,
}

_WIDE: Final = {"tensor(int32)", "tensor(int64)"}

_HEAD: Final = '''"""What ONNX Runtime {version} runs on a CPU. Written by `make docs` (.ci/operators.py)."""

from typing import Final

NEWEST_IR: Final = {ir}
NEWEST_OPSETS: Final = {opsets}

_ENTRIES: Final = """
{entries}
"""
OPERATORS: Final = dict(entry.split("=") for entry in _ENTRIES.split())
"""Allowed operators, each with what its outputs hold: ``i`` always INT32 or INT64, ``-`` never, ``?`` by its
attributes, a number the type of that input. The last one stands for all further outputs."""
'''


def main(arguments: list[str]) -> int:
    """``write`` or ``check``; 0 when all is well."""
    text = operator_list()
    if arguments == ["write"]:
        FILE.write_text(text)
        return 0
    if FILE.is_file() and FILE.read_text() == text:
        return 0
    print(f"{FILE.name} is not what the installed ONNX Runtime runs; run `make docs`", file=sys.stderr)  # noqa: T201
    return 1


def operator_list() -> str:
    """The module."""
    entries = " ".join(f"{name}={kinds}" for name, kinds in sorted(_operators()))
    return _HEAD.format(
        version=".".join(ort.__version__.split(".")[:2]),
        ir=_newest_ir(),
        opsets="{" + ", ".join(f'"{domain}": {version}' for domain, version in _newest_opsets()) + "}",
        entries=textwrap.fill(entries, 118, break_long_words=False, break_on_hyphens=False),
    )


def _operators() -> Iterator[tuple[str, str]]:
    kernels = {(kernel.domain, kernel.op_name) for kernel in runtime.get_all_opkernel_def() if kernel.provider == CPU}
    schemas: dict[tuple[str, str], list[Any]] = {}
    for schema in defs.get_all_schemas_with_history():
        schemas.setdefault((schema.domain, schema.name), []).append(schema)
    for (domain, name), versions in schemas.items():
        if domain in STANDARD and (_runs(domain, name, kernels) or any(map(_has_body, versions))):
            yield f"{NAMES.get(domain, domain)}.{name}", _outputs(versions)
    own = {(schema.domain, schema.name): schema for schema in runtime.get_all_operator_schema()}
    for domain, emitted in EMITTED.items():
        for name in emitted.split():
            if (domain, name) not in kernels:
                raise SystemExit(f"{domain}.{name}: the CPU provider has no such kernel; take it out of {__file__}")
            yield f"{NAMES.get(domain, domain)}.{name}", _outputs([own[domain, name]])


def _runs(domain: str, name: str, kernels: set[tuple[str, str]]) -> bool:
    return (domain, name) in kernels or (domain, name) == ("", "Constant")  # which becomes an initialiser at load


def _has_body(schema: Any) -> bool:
    """The standard itself says which other operators compute it."""
    return bool(schema.has_function or schema.has_context_dependent_function)


def _outputs(versions: list[Any]) -> str:
    """By output, what it holds in every version of the operator."""
    most = max(len(schema.outputs) for schema in versions)
    return ",".join(_output(versions, min(i, most - 1)) for i in range(most)) or "-"


def _output(versions: list[Any], index: int) -> str:
    kinds = {_kind(schema, index) for schema in versions if index < len(schema.outputs)}
    narrower = kinds - {"-"} or kinds  # a type that is never wide is that of some input, too
    return narrower.pop() if len(narrower) == 1 else "?"


def _kind(schema: Any, index: int) -> str:
    output = schema.outputs[index]
    types = set(_types(output))
    same = (i for i, parameter in enumerate(schema.inputs) if _type_name(parameter) == _type_name(output))
    if len(types) > 1 and (source := next(same, None)) is not None:
        return str(source)
    if types <= _WIDE:
        return "i"
    return "?" if types & _WIDE or any("seq" in kind or "optional" in kind for kind in types) else "-"


def _type_name(parameter: Any) -> str:
    name: str = parameter.type_str if hasattr(parameter, "type_str") else parameter.typeStr
    return name


def _types(parameter: Any) -> Iterable[str]:
    types: Iterable[str] = parameter.types
    return types


# --- The newest that is read ----------------------------------------------------------------------------------


def _newest_ir() -> int:
    return max(ir for ir in range(3, 64) if _opens(ir, 13))


def _newest_opsets() -> Iterator[tuple[str, int]]:
    yield "ai.onnx", max(opset for opset in range(7, 128) if _opens(8, opset))
    own = [schema.since_version for schema in runtime.get_all_operator_schema() if schema.domain == "ai.onnx.ml"]
    yield "ai.onnx.ml", max(own)


def _opens(ir: int, opset: int) -> bool:
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy")
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "graph", [x], [y])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir)
    options = ort.SessionOptions()
    options.log_severity_level = 4
    try:
        ort.InferenceSession(model.SerializeToString(), options, providers=[CPU])
    except Exception:  # noqa: BLE001 - the binding's classes have no common base
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
