"""Model files that must not be opened, each with the rule that refuses it."""

from __future__ import annotations

import io
import pickle
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
from onnx import FunctionProto, GraphProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper

from serin.protocol import Datatype, TensorMetadata
from tests.small_models.catalogue import SCALAR
from tests.small_models.folder import SmallModel
from tests.small_models.graphs import IR_VERSION, OPSET, graph, tensor

ML_OPSET: Final = 3
X: Final = tensor("x", Datatype.FP32, -1, 1)
Y: Final = tensor("y", Datatype.FP32, -1, 1)


@dataclass(frozen=True)
class Hostile:
    """A file, the rule that refuses it, and a part of the line. ``seconds``: that its opening may take."""

    name: str
    artifact: bytes
    rule: str
    said: str = ""
    outputs: tuple[TensorMetadata, ...] = (tensor("y", Datatype.FP32, -1, 1),)
    seconds: float = 10

    def model(self) -> SmallModel:
        """As a folder would hold it."""
        return SmallModel(name="hostile", artifact=self.artifact, inputs=(X,), outputs=self.outputs)


def model_of(
    nodes: Sequence[NodeProto],
    *constants: TensorProto,
    functions: Sequence[FunctionProto] = (),
    change: Callable[[ModelProto], object] = lambda _: None,
    inputs: Sequence[TensorMetadata] = (X,),
    outputs: Sequence[TensorMetadata] = (Y,),
) -> bytes:
    """A model file from nodes that make ``y`` of ``x``."""
    model = helper.make_model(
        graph(nodes, inputs, outputs, constants),
        opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", ML_OPSET)],
        ir_version=IR_VERSION,
        functions=functions,
    )
    change(model)
    data: bytes = model.SerializeToString()
    return data


def node(kind: str, inputs: str, outputs: str, **attributes: Any) -> NodeProto:
    """``inputs`` and ``outputs``: names with spaces between them."""
    return helper.make_node(kind, inputs.split(), outputs.split(), **attributes)


IDENTITY: Final = node("Identity", "x", "y")


def numbers(name: str, *values: int) -> TensorProto:
    """A constant of INT64."""
    return helper.make_tensor(name, TensorProto.INT64, [len(values)], values)


def scalar(name: str, value: int) -> TensorProto:
    return helper.make_tensor(name, TensorProto.INT64, [], [value])


def external(name: str, location: str, **entries: str) -> TensorProto:
    """A constant whose bytes are elsewhere."""
    made = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=[1], data_location=TensorProto.EXTERNAL)
    for key, value in {"location": location, **entries}.items():
        made.external_data.add(key=key, value=value)
    return made


def nested_functions(levels: int, calls: int) -> bytes:
    """``calls ** levels`` nodes, from as many lines."""
    functions = []
    for level in range(levels):
        inner, domain = (f"f{level - 1}", "local") if level else ("Identity", "")
        steps = ["a", *(f"v{i}" for i in range(calls - 1)), "b"]
        body = [helper.make_node(inner, [read], [written], domain=domain) for read, written in pairwise(steps)]
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("local", 1)]
        functions.append(helper.make_function("local", f"f{level}", ["a"], ["b"], body, opsets))
    call = helper.make_node(f"f{levels - 1}", ["x"], ["y"], domain="local")
    return model_of([call], functions=functions, change=imports("local"))


def imports(domain: str) -> Callable[[ModelProto], object]:
    """A change that lets a model use the operators of ``domain``."""
    return lambda model: model.opset_import.append(helper.make_opsetid(domain, 1))


def endless_functions() -> bytes:
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("local", 1)]
    functions = [
        helper.make_function(
            "local", name, ["a"], ["b"], [helper.make_node(other, ["a"], ["b"], domain="local")], opsets
        )
        for name, other in (("f", "g"), ("g", "f"))
    ]
    call = helper.make_node("f", ["x"], ["y"], domain="local")
    return model_of([call], functions=functions, change=imports("local"))


def part(number: int, data: bytes) -> bytes:
    """One field of bytes, in protobuf's wire format."""
    length, size = bytearray(), len(data)
    while size >= 0x80:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([number << 3 | 2, *length, size]) + data


def nested_graphs(depth: int) -> bytes:
    """Branches within branches, more than protobuf's own library writes."""
    inner = part(1, IDENTITY.SerializeToString())
    for _ in range(depth):
        inner = part(1, part(4, b"If") + part(5, part(1, b"then_branch") + part(6, inner)))
    return bytes([8, IR_VERSION]) + part(7, inner)


def chain(depth: int, **attributes: Any) -> NodeProto:
    """A tree that is one long branch. ``attributes``: in the place of its own."""
    count = 2 * depth + 1
    branches = [i % 2 == 0 and i < 2 * depth for i in range(count)]
    leaves = [i for i, is_branch in enumerate(branches) if not is_branch]
    given: dict[str, Any] = {
        "n_targets": 1,
        "nodes_treeids": [0] * count,
        "nodes_nodeids": list(range(count)),
        "nodes_featureids": [0] * count,
        "nodes_modes": ["BRANCH_LEQ" if is_branch else "LEAF" for is_branch in branches],
        "nodes_values": [0.5] * count,
        "nodes_truenodeids": [i + 2 if is_branch else 0 for i, is_branch in enumerate(branches)],
        "nodes_falsenodeids": [i + 1 if is_branch else 0 for i, is_branch in enumerate(branches)],
        "target_treeids": [0] * len(leaves),
        "target_nodeids": leaves,
        "target_ids": [0] * len(leaves),
        "target_weights": [1.0] * len(leaves),
    }
    return helper.make_node("TreeEnsembleRegressor", ["x"], ["y"], domain="ai.onnx.ml", **given | attributes)


def classifier(**attributes: Any) -> NodeProto:
    """One tree of two leaves, of two classes."""
    given: dict[str, Any] = {
        "nodes_treeids": [0, 0, 0],
        "nodes_nodeids": [0, 1, 2],
        "nodes_featureids": [0, 0, 0],
        "nodes_modes": ["BRANCH_LEQ", "LEAF", "LEAF"],
        "nodes_values": [0.5, 0.0, 0.0],
        "nodes_truenodeids": [1, 0, 0],
        "nodes_falsenodeids": [2, 0, 0],
        "class_treeids": [0, 0],
        "class_nodeids": [1, 2],
        "class_ids": [0, 1],
        "class_weights": [0.25, 0.75],
        "classlabels_int64s": [0, 1],
        "post_transform": "NONE",
    }
    return helper.make_node("TreeEnsembleClassifier", ["x"], ["label", "y"], domain="ai.onnx.ml", **given | attributes)


def zip_archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("model.onnx", b"")
    return buffer.getvalue()


def _bytes() -> Iterator[Hostile]:
    good = SCALAR.artifact
    yield Hostile("empty", b"", "format", "it is empty")
    yield Hostile("cut", good[:-7], "format", "cut off")
    yield Hostile("random", bytes(range(7, 256)) * 40, "format")
    yield Hostile("zeros", bytes(10_000), "format")
    yield Hostile("zip", zip_archive(), "format", "a zip archive")
    yield Hostile("pickle", pickle.dumps({"weights": [1.0]}), "format", "a pickle")
    yield Hostile("text", b"<!DOCTYPE html><title>404</title>", "format")
    yield Hostile("no graph", helper.make_model(GraphProto()).SerializeToString()[:2], "format", "no graph")
    yield Hostile("another format's magic", good[:4] + b"ORTM" + good[8:], "format", "declared format, onnx")
    yield Hostile("two graphs", good + good[good.index(b"\x3a") :], "format", "stands twice")
    yield Hostile("padded number", good.replace(b"\x08\x0a", b"\x08\x8a\x00", 1), "format", "longer than it is")
    yield Hostile("deep graphs", nested_graphs(40), "format", "nested more than 32 deep")


def _structure() -> Iterator[Hostile]:
    def with_ir(version: int) -> bytes:
        return model_of([IDENTITY], change=lambda model: setattr(model, "ir_version", version))

    def with_opset(version: int) -> bytes:
        return model_of([IDENTITY], change=lambda model: setattr(model.opset_import[0], "version", version))

    yield Hostile("IR 10^9", with_ir(10**9), "versions", "IR version 1000000000")
    yield Hostile("IR -1", with_ir(-1), "versions", "IR version -1")
    yield Hostile("opset 10^6", with_opset(10**6), "versions", "opset 1000000 of ai.onnx")
    yield Hostile("opset 0", with_opset(0), "versions", "opset 0 of ai.onnx")
    yield Hostile("no outputs", model_of([IDENTITY], outputs=()), "outputs")
    yield Hostile("training", model_of([IDENTITY], change=lambda model: model.training_info.add()), "training")
    yield Hostile("function bomb", nested_functions(20, 2), "nodes", "the graph has 1048576 nodes")
    yield Hostile("wide function bomb", nested_functions(200, 30), "nodes")
    yield Hostile("endless functions", endless_functions(), "nodes", "calls itself")
    yield Hostile(
        "session settings",
        model_of([IDENTITY], change=lambda model: helper.set_model_props(model, {"ort_config": "{}"})),
        "settings",
    )


def _operators() -> Iterator[Hostile]:
    def of(kind: str, domain: str) -> bytes:
        return model_of([helper.make_node(kind, ["x"], ["y"], domain=domain)], change=imports(domain))

    yield Hostile("custom domain", of("Relu", "com.example"), "operators", "'com.example.Relu'")
    yield Hostile("unknown standard operator", of("Explode", ""), "operators", "'ai.onnx.Explode'")
    yield Hostile("contrib operator", of("Inverse", "com.microsoft"), "operators", "'com.microsoft.Inverse'")
    yield Hostile("shared library", of("EPContext", "com.microsoft"), "operators")
    yield Hostile("python", of("PythonOp", "com.microsoft"), "operators")
    yield Hostile("NUL in a name", of("Relu\0", ""), "operators", "'ai.onnx.Relu\\x00'")
    yield Hostile("line break in a name", of("a\nb\x1b[31m", "c"), "operators", "'c.a\\nb\\x1b[31m'")
    yield Hostile("look-alike name", of("R\u0435lu", ""), "operators", "'ai.onnx.R\\u0435lu'")
    inner = graph([helper.make_node("Run", ["x"], ["y"], domain="evil")], [], [Y])
    hidden = node("If", "yes", "y", then_branch=inner, else_branch=inner)
    yes = helper.make_tensor("yes", TensorProto.BOOL, [], [True])
    yield Hostile("in a branch", model_of([hidden], yes), "operators", "'evil.Run'")
    opsets = [helper.make_opsetid("", OPSET)]
    body = helper.make_function("local", "f", ["a"], ["b"], [helper.make_node("Run", ["a"], ["b"], domain="e")], opsets)
    call = helper.make_node("f", ["x"], ["y"], domain="local")
    yield Hostile("in a function", model_of([call], functions=[body], change=imports("local")), "operators", "'e.Run'")
    mask = helper.make_function("ai.onnx.ml", "Scaler", ["a"], ["b"], [node("Identity", "a", "b")], opsets)
    yield Hostile("a standard operator's place", model_of([IDENTITY], functions=[mask]), "operators", "takes the place")


def _external() -> Iterator[Hostile]:
    add = node("Add", "x w", "y")
    for name, location, entries in (
        ("beside", "weights.bin", {}),
        ("above", "../weights.bin", {}),
        ("absolute", "/etc/passwd", {}),
        ("NUL", "weights.bin\0.txt", {}),
        ("negative offset", "weights.bin", {"offset": "-1"}),
        ("vast offset", "weights.bin", {"offset": str(2**63), "length": "4"}),
        ("offset that is no number", "weights.bin", {"offset": "x"}),
        ("memory address", "*/_ORT_MEM_ADDR_/*", {"offset": "4096", "length": "4"}),
    ):
        artifact = model_of([add], external("w", location, **entries))
        yield Hostile(f"external data: {name}", artifact, "external-data", "takes its data from")
    unnamed = TensorProto(name="w", data_type=1, dims=[1], data_location=TensorProto.EXTERNAL)
    yield Hostile("external data: no location", model_of([add], unnamed), "external-data")
    held = node("Constant", "", "w", value=external("v", "w.bin"))
    yield Hostile("external data: in an attribute", model_of([held, add]), "external-data")
    branch = graph([add], [], [Y], [external("w", "w.bin")])
    hidden = node("If", "yes", "y", then_branch=branch, else_branch=branch)
    yes = helper.make_tensor("yes", TensorProto.BOOL, [], [True])
    yield Hostile("external data: in a branch", model_of([hidden], yes), "external-data")


def _constants() -> Iterator[Hostile]:
    def made(kind: str, names: str, *constants: TensorProto, **attributes: Any) -> bytes:
        large = node(kind, names, "large", **attributes)
        return model_of([large, node("ReduceMax", "large", "most", keepdims=0), node("Add", "x most", "y")], *constants)

    one = helper.make_tensor("one", TensorProto.FLOAT, [1], [1.0])
    billion = numbers("n", 10**9)
    yield Hostile(
        "ConstantOfShape", made("ConstantOfShape", "n", billion), "allocation", "ConstantOfShape makes 4000000000 bytes"
    )
    yield Hostile("overflowing shape", made("ConstantOfShape", "n", numbers("n", 2**33, 2**33)), "allocation")
    yield Hostile("Expand", made("Expand", "one n", one, billion), "allocation", "Expand makes")
    yield Hostile("Tile", made("Tile", "one n", one, billion), "allocation", "Tile makes")
    yield Hostile(
        "Range",
        made("Range", "a n b", scalar("a", 0), scalar("n", 10**10), scalar("b", 1)),
        "allocation",
        "Range makes",
    )
    yield Hostile("Pad", made("Pad", "one n", one, numbers("n", 0, 10**10)), "allocation", "Pad makes")
    yield Hostile("RandomNormal", made("RandomNormal", "", shape=[10**6, 10**6]), "allocation")
    image = helper.make_tensor("image", TensorProto.FLOAT, [1, 1, 1, 1], [1.0])
    resized = made("Resize", "image none none n", image, numbers("n", 1, 1, 10**5, 10**5))
    yield Hostile("Resize", resized, "allocation", "Resize makes")
    values = helper.make_tensor("s", TensorProto.FLOAT, [1], [1.0])
    sparse = helper.make_sparse_tensor(values, numbers("i", 0), [10**6, 10**6])

    def with_sparse(model: ModelProto) -> None:
        model.graph.sparse_initializer.append(sparse)

    yield Hostile("sparse constant", model_of([IDENTITY], change=with_sparse), "allocation", "when it is dense")
    short = TensorProto(name="w", data_type=1, dims=[10**9], raw_data=b"\0" * 4)
    yield Hostile("shape without data", model_of([node("Add", "x w", "y")], short), "constants", "4 bytes and not the")
    negative = TensorProto(name="w", data_type=1, dims=[-1], raw_data=b"\0" * 4)
    yield Hostile("negative shape", model_of([node("Add", "x w", "y")], negative), "constants", "below 0")
    typed = TensorProto(name="w", data_type=7, dims=[10**12], int64_data=[1])
    yield Hostile("shape beyond its list", model_of([IDENTITY], typed), "constants", "has 1 elements")


def _trees() -> Iterator[Hostile]:
    yield Hostile("tree 20,000 deep", model_of([chain(20_000)]), "trees", "a tree is 20000 nodes deep")
    backwards = chain(20_000)
    for attribute in backwards.attribute:
        if attribute.name.startswith("nodes_"):
            for values in (attribute.ints, attribute.floats, attribute.strings):
                values[:] = list(values)[::-1]
    yield Hostile("written from the leaves up", model_of([backwards]), "trees", "a tree is 20000 nodes deep")
    yield Hostile("circle", model_of([chain(2, nodes_truenodeids=[2, 0, 0, 0, 0])]), "trees", "leads back")
    yield Hostile("short list", model_of([chain(2, nodes_truenodeids=[2])]), "trees", "differ in length")
    yield Hostile("one base value", model_of([classifier(base_values=[0.5])]), "probabilities", "one base value")
    yield Hostile("PROBIT", model_of([classifier(post_transform="PROBIT")]), "probabilities", "PROBIT")


def _division() -> Iterator[Hostile]:
    whole = node("Cast", "x", "a", to=TensorProto.INT64)
    for kind in ("Div", "Mod"):
        nodes = [whole, node("Neg", "a", "b"), node(kind, "a b", "c"), node("Cast", "c", "y", to=TensorProto.FLOAT)]
        yield Hostile(f"computed {kind}", model_of(nodes), "division", f"is a {kind} of integers")
    by_constant = [whole, node(kind, "a b", "c"), node("Cast", "c", "y", to=TensorProto.FLOAT)]
    yield Hostile("division by -1", model_of(by_constant, numbers("b", 2, -1)), "division")
    body = graph([node("Div", "a b", "c"), node("Cast", "c", "y", to=TensorProto.FLOAT)], [], [Y])
    branches = node("If", "yes", "y", then_branch=body, else_branch=body)
    yes = helper.make_tensor("yes", TensorProto.BOOL, [], [True])
    yield Hostile("in a branch", model_of([whole, node("Neg", "a", "b"), branches], yes), "division")
    opsets = [helper.make_opsetid("", OPSET)]
    function = helper.make_function("local", "f", ["a", "b"], ["c"], [node("Div", "a b", "c")], opsets)
    call = helper.make_node("f", ["a", "b"], ["c"], domain="local")
    nodes = [whole, node("Neg", "a", "b"), call, node("Cast", "c", "y", to=TensorProto.FLOAT)]
    yield Hostile("in a function", model_of(nodes, functions=[function], change=imports("local")), "division")


def _frames() -> Iterator[Hostile]:
    def made(*constants: TensorProto) -> bytes:
        nodes = [
            node("Cast", "x", "n", to=TensorProto.INT64),
            node("ReduceSum", "n", "length", keepdims=0),
            helper.make_node("STFT", ["signal", "step", "", "length"], ["s"]),
            node("ReduceSum", "s", "t", keepdims=0),
            node("Add", "x t", "y"),
        ]
        signal = helper.make_tensor("signal", TensorProto.FLOAT, [1, 8, 1], [0.0] * 8)
        return model_of(nodes, signal, scalar("step", 2), *constants)

    yield Hostile("frames of a client's length", made(), "frames", "no constant above 0")


def _sequences() -> Iterator[Hostile]:
    # Of a row of zeros, nothing is left.
    weights = [helper.make_tensor(name, TensorProto.FLOAT, [1, 3, 1], [1.0] * 3) for name in "wr"]
    nodes = [
        node("Squeeze", "x one", "f"),
        node("Cast", "f", "which", to=TensorProto.BOOL),
        node("Unsqueeze", "x one", "u"),
        node("Compress", "u which", "s", axis=0),
        node("GRU", "s w r", "h", hidden_size=1),
        node("ReduceSum", "h", "t", keepdims=0),
        node("Add", "x t", "y"),
    ]
    yield Hostile("an empty sequence", model_of(nodes, numbers("one", 1), *weights), "sequences", "a GRU reads what")


def _locales() -> Iterator[Hostile]:
    for name, attributes in (("default", {}), ("named", {"locale": "de_DE"})):
        lower = node("StringNormalizer", "t", "l", case_change_action="LOWER", is_case_sensitive=1, **attributes)
        text = numpy_helper.from_array(np.array(["A"], dtype=object), "t")
        yield Hostile(f"locale: {name}", model_of([lower, IDENTITY], text), "locales", "needs the locale")


STATIC: Final = (
    *_bytes(),
    *_structure(),
    *_operators(),
    *_external(),
    *_constants(),
    *_trees(),
    *_division(),
    *_frames(),
    *_sequences(),
    *_locales(),
)
"""Refused without being opened."""


def _opened() -> Iterator[Hostile]:
    wide = node("Concat", "x x", "y", axis=1)
    yield Hostile("a type that does not fit", model_of([node("Not", "x", "y")]), "opening", "ONNX Runtime")
    yield Hostile("another signature", model_of([wide], inputs=(tensor("x", Datatype.FP64, -1, 1),)), "opening")
    # What constants say is hidden behind a sum, so only the limit on memory stops it.
    total = [
        node("Add", "half half", "n"),
        node("ConstantOfShape", "n", "large"),
        node("ReduceMax", "large", "most", keepdims=0),
        node("Add", "x most", "y"),
    ]
    yield Hostile("hidden bomb", model_of(total, numbers("half", 2 * 10**9)), "golden", "no golden case, and for zeros")
    body = graph(
        [node("Identity", "go_on", "goes_on"), node("Identity", "v", "w")],
        [tensor("step", Datatype.INT64), tensor("go_on", Datatype.BOOL), tensor("v", Datatype.FP32, -1, 1)],
        [tensor("goes_on", Datatype.BOOL), tensor("w", Datatype.FP32, -1, 1)],
    )
    loop = node("Loop", "n yes x", "y", body=body)
    yes = helper.make_tensor("yes", TensorProto.BOOL, [], [True])
    endless = model_of([loop], scalar("n", 2**62), yes)
    yield Hostile("endless loop", endless, "time", "not done after 5 s", seconds=5)


OPENED: Final = tuple(_opened())
"""Refused when it is opened, in the process that dies of it."""


def _behind_the_rules() -> Iterator[Hostile]:
    label, scores = tensor("label", Datatype.INT64, -1), tensor("y", Datatype.FP32, -1, 2)
    outputs = (label, scores)
    yield Hostile("tree 20,000 deep", model_of([chain(20_000)]), "opening", "ended the process with SIGSEGV")
    yield Hostile("function bomb", nested_functions(20, 2), "time", "not done after 5 s", seconds=5)
    for (case,), signal in ((_frames(), "SIGFPE"), (_sequences(), "SIGABRT")):
        yield Hostile(case.name, case.artifact, "opening", f"ended the process with {signal}")
    unset = model_of([classifier(base_values=[0.5])], outputs=outputs)
    yield Hostile("one base value", unset, "repeatable", "differ with what the memory held", outputs=outputs)


BEHIND_THE_RULES: Final = tuple(_behind_the_rules())
"""What happens to those that a rule knows, if they are opened all the same."""
