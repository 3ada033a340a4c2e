"""ONNX models cut to what is served, with the same bytes for the same model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from serin.protocol import Datatype

if TYPE_CHECKING:
    import onnx

OPSETS: Final = {"": 21, "ai.onnx.ml": 3}
"""Operator sets that models are exported in, where the exporter lets one choose."""
IR_VERSION: Final = 10
"""The file format's version that these operator sets came with."""
BATCH: Final = "batch"
"""Name of the first axis."""

_LOCALE: Final = "C.UTF-8"
"""Of StringNormalizer; images have no other."""


def canonical(model: onnx.ModelProto, outputs: Sequence[str], graph_name: str) -> bytes:
    """The bytes of ``model`` with these outputs alone, and only the nodes and constants that they need.

    What an exporter notes for people (doc strings, versions, source lines) is left out: it differs from run to run.
    """
    import onnx

    graph = model.graph
    nodes = _needed(list(graph.node), set(outputs))
    used = {name for node in nodes for name in _read(node)} | set(outputs)
    for node in nodes:
        _strip(node)
    by_name = {output.name: output for output in graph.output}
    pruned = onnx.helper.make_graph(
        nodes,
        graph_name,
        [_plain(value) for value in graph.input if value.name not in {weight.name for weight in graph.initializer}],
        [_plain(by_name[name]) for name in outputs],
        [_undocumented(weight) for weight in graph.initializer if weight.name in used],
    )
    # An exporter may keep operator sets in a Python set, whose order changes from run to run.
    domains = {node.domain for node in _all_nodes(nodes)} | {function.domain for function in model.functions} | {""}
    opsets = sorted((o for o in model.opset_import if o.domain in domains), key=lambda opset: opset.domain)
    if "" not in {opset.domain for opset in opsets}:
        opsets.insert(0, onnx.helper.make_opsetid("", OPSETS[""]))
    made = onnx.helper.make_model(
        pruned,
        opset_imports=opsets,
        ir_version=min(model.ir_version, IR_VERSION) if model.ir_version else IR_VERSION,
        functions=list(model.functions),
        producer_name="",
    )
    return bytes(made.SerializeToString(deterministic=True))


def _needed(nodes: list[onnx.NodeProto], names: set[str]) -> list[onnx.NodeProto]:
    needed, kept = set(names), []
    for node in reversed(nodes):
        if needed & set(node.output):
            needed |= _read(node)
            kept.append(node)
    return kept[::-1]


def _read(node: onnx.NodeProto) -> set[str]:
    """What a node reads, in its branches too."""
    inner = {name for graph in _graphs(node) for each in graph.node for name in _read(each)}
    results = {output.name for graph in _graphs(node) for output in graph.output}
    return set(node.input) | inner | results


def _graphs(node: onnx.NodeProto) -> list[onnx.GraphProto]:
    return [attribute.g for attribute in node.attribute if attribute.HasField("g")] + [
        graph for attribute in node.attribute for graph in attribute.graphs
    ]


def _all_nodes(nodes: Sequence[onnx.NodeProto]) -> list[onnx.NodeProto]:
    return [*nodes, *(inner for node in nodes for graph in _graphs(node) for inner in _all_nodes(graph.node))]


def _strip(node: onnx.NodeProto) -> None:
    node.ClearField("doc_string")
    node.ClearField("metadata_props")
    if node.op_type == "StringNormalizer" and node.domain in {"", "ai.onnx"}:
        kept = [attribute for attribute in node.attribute if attribute.name != "locale"]
        del node.attribute[:]
        node.attribute.extend(kept)
        _set_text(node, "locale", _LOCALE)
    for graph in _graphs(node):
        graph.ClearField("doc_string")
        graph.ClearField("metadata_props")
        for inner in graph.node:
            _strip(inner)


def _set_text(node: onnx.NodeProto, name: str, text: str) -> None:
    import onnx

    node.attribute.append(onnx.helper.make_attribute(name, text))


def _plain(value: onnx.ValueInfoProto) -> onnx.ValueInfoProto:
    """A graph's input or output: its first axis, where it is open, is the batch."""
    value.ClearField("doc_string")
    value.ClearField("metadata_props")
    axes = value.type.tensor_type.shape.dim
    if axes and not axes[0].HasField("dim_value"):
        axes[0].dim_param = BATCH
    return value


def _undocumented(weight: onnx.TensorProto) -> onnx.TensorProto:
    weight.ClearField("doc_string")
    weight.ClearField("metadata_props")
    return weight


# --- Outputs made from others ---------------------------------------------------------------------------------


class Ending:
    """Nodes that are put after a model's own, in the order of the calls, and the output that comes of them."""

    def __init__(self, model: onnx.ModelProto, output: str) -> None:
        """``output``: the name that it will have; what has it in the model is renamed."""
        self.model = model
        _rename(model.graph, {output: f"converted_{output}"})

    def node(self, operator: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        """Add a node of the standard operator set; the name of its output."""
        import onnx

        self.model.graph.node.append(onnx.helper.make_node(operator, list(inputs), [output], **attributes))
        return output

    def constant(self, name: str, values: Sequence[Any], datatype: Datatype, shape: Sequence[int]) -> str:
        """Add a constant, or find the same one; its name."""
        import onnx

        if name not in {weight.name for weight in self.model.graph.initializer}:
            tensor = onnx.helper.make_tensor(name, _element_type(datatype), list(shape), values)
            self.model.graph.initializer.append(tensor)
        return name

    def reshaped(self, source: str, output: str, shape: Sequence[int]) -> str:
        """``source`` in another shape, -1 for the batch."""
        axes = self.constant(f"{output}_shape", list(shape), Datatype.INT64, [len(shape)])
        return self.node("Reshape", [source, axes], output)

    def cast(self, source: str, output: str, datatype: Datatype) -> str:
        """``source`` as another datatype, or the same where it is that already."""
        return self.node("Cast", [source], output, to=_element_type(datatype))

    def promise(self, name: str, datatype: Datatype, shape: Sequence[int]) -> None:
        """Make ``name`` an output of the graph; -1 for the batch. Takes the place of an output of this name."""
        import onnx

        kept = [output for output in self.model.graph.output if output.name != name]
        axes = [BATCH if axis == -1 else axis for axis in shape]
        del self.model.graph.output[:]
        self.model.graph.output.extend([*kept, onnx.helper.make_tensor_value_info(name, _element_type(datatype), axes)])


def name_inputs(model: onnx.ModelProto, names: Sequence[str]) -> None:
    """Give the inputs of ``model`` these names, in order. A name that stands for something else in it is left to the
    input; no output has one.
    """
    inputs = [value.name for value in model.graph.input]
    nodes = _all_nodes(list(model.graph.node))
    taken = {*names, *(name for node in nodes for name in (*node.input, *node.output))}
    prefix = "inner."
    while any(name.startswith(prefix) for name in taken):
        prefix = f"inner.{prefix}"
    others = {name: f"{prefix}{name}" for name in names}
    _rename(model.graph, others | dict(zip(inputs, names, strict=True)))


def _rename(graph: onnx.GraphProto, names: Mapping[str, str]) -> None:
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
        for inner in _graphs(node):
            _rename(inner, names)
    for value in [*graph.input, *graph.output, *graph.initializer]:
        value.name = names.get(value.name, value.name)


_ELEMENT_TYPES: Final = {
    Datatype.BOOL: 9,
    Datatype.INT64: 7,
    Datatype.FP32: 1,
    Datatype.FP64: 11,
    Datatype.BYTES: 8,
}
"""``TensorProto.DataType`` (onnx/onnx.proto) of what outputs and constants are made of."""


def _element_type(datatype: Datatype) -> int:
    return _ELEMENT_TYPES[datatype]
