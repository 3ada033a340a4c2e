"""Integer divisions that could end the process: the lowest number by -1 is a fault of the processor.

A small abstract interpretation: for each value it is known whether it may hold INT32 or INT64 at all, the lowest such
number, -1, or any negative number. What is not known may be anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from serin.admission.findings import shown
from serin.admission.graph import INT32, INT64, STANDARD, Function, Graph, Model, Node
from serin.admission.operator_list import OPERATORS
from serin.admission.values import (
    ANYTHING,
    COUNTS,
    FROM_CLIENTS,
    NO_INTEGERS,
    Integers,
    of_constant,
    of_numbers,
    of_type,
)

Facts = dict[str, Integers]


def _standard(names: str) -> frozenset[str]:
    return frozenset(f"{STANDARD}.{name}" for name in names.split())


_SAME: Final = _standard(
    "Identity Reshape Squeeze Unsqueeze Slice Gather GatherElements GatherND Transpose Flatten Expand Tile Split "
    "DepthToSpace SpaceToDepth ReverseSequence ReduceMin Compress Dropout"
)
"""The first output holds elements of the first input and no others."""
_JOINED: Final = _standard("Concat Min")
_COUNTED: Final = _standard(
    "Shape Size NonZero ArgMax ArgMin TopK MaxPool NonMaxSuppression SequenceLength Unique StringSplit Multinomial"
)
"""Where an output is always INT32 or INT64, it counts or points at something."""


def faulty_divisions(model: Model) -> Iterator[str]:
    """Divisions that cannot be shown to be safe. The model's functions must not call themselves."""
    yield from dict.fromkeys(_Analysis(model).problems())


class _Analysis:
    def __init__(self, model: Model) -> None:
        self._model = model
        self._functions = {(function.operator, function.overload): function for function in model.functions}
        self._problems: list[str] = []
        self._depth = 0

    def problems(self) -> list[str]:
        graph = self._model.graph
        inputs = {value.name: of_type(value.element_type, FROM_CLIENTS) for value in graph.inputs}
        self._graph(graph, inputs)
        return self._problems

    def _graph(self, graph: Graph, known: Facts) -> list[Integers]:
        """Facts of the graph's outputs; ``known``: of what it reads from outside, and of its inputs."""
        facts = known | {tensor.name: of_constant(tensor) for tensor in graph.constants}
        for node in graph.nodes:
            results = self._results(node, [facts.get(name, ANYTHING) for name in node.inputs], facts)
            for i, name in enumerate(node.outputs):
                facts[name] = results[min(i, len(results) - 1)] if results else ANYTHING
        return [facts.get(value.name, ANYTHING) for value in graph.outputs]

    def _results(self, node: Node, inputs: Sequence[Integers], facts: Facts) -> list[Integers]:
        self._depth += 1
        try:
            if self._depth > _DEEPEST:
                self._problems.append("functions and branches lie too deep in one another to be followed")
                return [ANYTHING]
            return self._outputs(node, inputs, facts)
        finally:
            self._depth -= 1

    def _outputs(self, node: Node, inputs: Sequence[Integers], facts: Facts) -> list[Integers]:
        function = self._functions.get(node.function)
        if function is not None:
            return self._call(function, inputs)
        if node.operator in _DIVISIONS:
            self._check(node, inputs)
        graphs = [graph for attribute in node.attributes.values() for graph in attribute.graphs]
        if graphs:
            return self._inner(node, graphs, inputs, facts)
        return [result(node, i, inputs) for i in range(max(1, len(node.outputs)))]

    def _call(self, function: Function, inputs: Sequence[Integers]) -> list[Integers]:
        facts: Facts = dict.fromkeys(function.inputs, ANYTHING) | dict(zip(function.inputs, inputs, strict=False))
        for node in function.body.nodes:
            results = self._results(node, [facts.get(name, ANYTHING) for name in node.inputs], facts)
            facts |= {name: results[min(i, len(results) - 1)] for i, name in enumerate(node.outputs)}
        return [facts.get(name, ANYTHING) for name in function.outputs] or [ANYTHING]

    def _inner(self, node: Node, graphs: list[Graph], inputs: Sequence[Integers], facts: Facts) -> list[Integers]:
        """Branches and bodies. What comes round in a loop may be anything of its type."""
        given: list[Integers] = []
        if node.operator == f"{STANDARD}.Loop":
            given = [COUNTS, NO_INTEGERS, *(_any_of_width(value) for value in inputs[2:])]
        elif node.operator == f"{STANDARD}.Scan":
            given = [_any_of_width(value) for value in inputs]
        outcomes = []
        for graph in graphs:
            names = [value.name for value in graph.inputs]
            inner = facts | dict.fromkeys(names, ANYTHING) | dict(zip(names, given, strict=False))
            outcomes.append(self._graph(graph, inner))
        if node.operator != f"{STANDARD}.If" or len({len(outcome) for outcome in outcomes}) != 1:
            skipped = 1 if node.operator == f"{STANDARD}.Loop" else 0  # whether the loop goes on
            return [_any_of_width(value) for value in outcomes[0][skipped:]] or [ANYTHING]
        return [_joined(branches) for branches in zip(*outcomes, strict=True)] or [ANYTHING]

    def _check(self, node: Node, inputs: Sequence[Integers]) -> None:
        if len(inputs) != 2 or _is_floating_remainder(node):
            return
        dividend, divisor = inputs
        if dividend.wide and divisor.wide and dividend.lowest and divisor.minus_one:
            kind = node.operator.rpartition(".")[2]
            label = f" {shown(node.name)}" if node.name else ""
            self._problems.append(f"node{label} is a {kind} of integers that the graph computes")


_DEEPEST: Final = 120
"""Calls and branches in one another."""
_DIVISIONS: Final = frozenset({f"{STANDARD}.Div", f"{STANDARD}.Mod"})


def _is_floating_remainder(node: Node) -> bool:
    return "fmod" in node.attributes and node.attributes["fmod"].integer == 1


def _any_of_width(value: Integers) -> Integers:
    return ANYTHING if value.wide else NO_INTEGERS


def _joined(values: Sequence[Integers]) -> Integers:
    joined = NO_INTEGERS
    for value in values:
        joined |= value
    return joined


def result(node: Node, output: int, inputs: Sequence[Integers]) -> Integers:
    """What one output of an operator may hold."""
    if node.operator in _RESULTS and output == 0:
        return _RESULTS[node.operator](node, inputs)
    if node.operator in _SAME and inputs:
        return inputs[0]
    if node.operator in _JOINED:
        return _joined(inputs)
    return _by_type(node.operator, output, inputs)


def _by_type(operator: str, output: int, inputs: Sequence[Integers]) -> Integers:
    kinds = OPERATORS.get(operator, "?").split(",")
    kind = kinds[min(output, len(kinds) - 1)]
    if kind == "-":
        return NO_INTEGERS
    if kind == "i":
        return COUNTS if operator in _COUNTED else ANYTHING
    if kind.isdigit() and int(kind) < len(inputs):
        return _any_of_width(inputs[int(kind)])
    return ANYTHING


_NOTHING_LEFT: Final = Integers(lowest=True, minus_one=False, negative=True)

# --- Operators that say more than their types -----------------------------------------------------------------


def _constant(node: Node, _: Sequence[Integers]) -> Integers:
    for attribute in node.attributes.values():
        if attribute.reference:
            return ANYTHING
        if attribute.name == "value_ints":
            return of_numbers(attribute.numbers(), -(2**63))
        if attribute.name == "value_int":
            return of_numbers([attribute.integer or 0], -(2**63))
        if attribute.tensors:
            return of_constant(attribute.tensors[0]) if attribute.name == "value" else ANYTHING
    return NO_INTEGERS


def _constant_of_shape(node: Node, _: Sequence[Integers]) -> Integers:
    value = node.attributes.get("value")
    if value is None:
        return NO_INTEGERS  # zeros, of floats
    return of_constant(value.tensors[0]) if value.tensors else ANYTHING


def _cast(node: Node, inputs: Sequence[Integers]) -> Integers:
    target = node.attributes["to"].integer if "to" in node.attributes else None
    if target is None or not inputs:
        return ANYTHING
    if target == INT64 and inputs[0].wide:
        return inputs[0]  # as it was, or widened
    return ANYTHING if target in (INT32, INT64) else NO_INTEGERS


def _label_encoder(node: Node, _: Sequence[Integers]) -> Integers:
    answers = {name for name in node.attributes if name.startswith("values_")}
    return NO_INTEGERS if answers and answers <= {"values_floats", "values_strings"} else ANYTHING


def _where(_: Node, inputs: Sequence[Integers]) -> Integers:
    return _joined(inputs[1:])


def _pad(_: Node, inputs: Sequence[Integers]) -> Integers:
    return _joined((*inputs[:1], *inputs[2:3]))


def _max(_: Node, inputs: Sequence[Integers]) -> Integers:
    negative = all(value.negative for value in inputs)
    return Integers(
        wide=any(value.wide for value in inputs),
        lowest=all(value.lowest for value in inputs),
        minus_one=negative and any(value.minus_one for value in inputs),
        negative=negative,
    )


def _clip(node: Node, inputs: Sequence[Integers]) -> Integers:
    # The bounds of old versions are attributes, and floats.
    if len(inputs) < 2 or not inputs[0].wide:
        return _any_of_width(inputs[0]) if inputs else ANYTHING
    floor = _max(node, inputs[:2])
    return _joined((floor, *inputs[2:3]))


def _abs(_: Node, inputs: Sequence[Integers]) -> Integers:
    (value,) = inputs or (ANYTHING,)
    return Integers(wide=value.wide, lowest=value.lowest, minus_one=False, negative=value.lowest)


def _reduce_max(_: Node, inputs: Sequence[Integers]) -> Integers:
    # Of no elements, the greatest is the lowest there is.
    return (inputs[0] if inputs else ANYTHING) | (_NOTHING_LEFT if inputs and inputs[0].wide else NO_INTEGERS)


def _relu(_: Node, inputs: Sequence[Integers]) -> Integers:
    return COUNTS if inputs and inputs[0].wide else NO_INTEGERS


def _range(_: Node, inputs: Sequence[Integers]) -> Integers:
    if len(inputs) == 3 and not inputs[0].negative and not inputs[2].negative:
        return COUNTS if inputs[0].wide else NO_INTEGERS
    return ANYTHING


def _quotient(_: Node, inputs: Sequence[Integers]) -> Integers:
    if len(inputs) != 2 or not all(value.wide for value in inputs):
        return NO_INTEGERS if len(inputs) == 2 else ANYTHING
    if not any(value.negative for value in inputs):
        return COUNTS
    return Integers(lowest=inputs[0].lowest)


def _remainder(node: Node, inputs: Sequence[Integers]) -> Integers:
    if len(inputs) == 2 and inputs[1].wide and not inputs[1].negative and not _is_floating_remainder(node):
        return COUNTS  # it has the divisor's sign
    return _by_type(node.operator, 0, inputs)


_RESULTS: Final = {
    f"{STANDARD}.Constant": _constant,
    f"{STANDARD}.ConstantOfShape": _constant_of_shape,
    f"{STANDARD}.Cast": _cast,
    f"{STANDARD}.Where": _where,
    f"{STANDARD}.Pad": _pad,
    f"{STANDARD}.Max": _max,
    f"{STANDARD}.Clip": _clip,
    f"{STANDARD}.Abs": _abs,
    f"{STANDARD}.ReduceMax": _reduce_max,
    f"{STANDARD}.Relu": _relu,
    f"{STANDARD}.Range": _range,
    f"{STANDARD}.Div": _quotient,
    f"{STANDARD}.Mod": _remainder,
    "ai.onnx.ml.LabelEncoder": _label_encoder,
}
