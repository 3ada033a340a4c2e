"""What a model file must be as a whole, whatever its graph computes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from serin.admission.expansion import TooDeep, expanded_nodes
from serin.admission.findings import shown
from serin.admission.graph import STANDARD, Model
from serin.admission.operator_list import NEWEST_IR, NEWEST_OPSETS, OPERATORS

MOST_NODES: Final = 100_000
"""After every call of a function has become what the function is."""

LOCALES: Final = frozenset({b"C", b"POSIX", b"C.UTF-8"})
"""Those that the images have."""

_SETTINGS: Final = "ort_config"


def unknown_versions(model: Model) -> Iterator[str]:
    """An IR version or an opset that ONNX Runtime does not read."""
    if not 3 <= model.ir_version <= NEWEST_IR:
        yield f"IR version {model.ir_version} is not between 3 and {NEWEST_IR}"
    for domain, version in dict.fromkeys(_opsets(model)):
        newest = NEWEST_OPSETS.get(domain)
        if newest is not None and not 1 <= version <= newest:
            yield f"opset {version} of {domain} is not between 1 and {newest}"


def _opsets(model: Model) -> Iterator[tuple[str, int]]:
    yield from model.opsets
    for function in model.functions:
        yield from function.opsets


def absent_outputs(model: Model) -> Iterator[str]:
    """A model that answers nothing."""
    if not model.graph.outputs:
        yield "the graph has no output"


def training_graphs(model: Model) -> Iterator[str]:
    """A model that says how to train itself."""
    if model.trains:
        yield "the model carries graphs for training"


def excessive_nodes(model: Model) -> Iterator[str]:
    """More nodes than are loaded in time."""
    try:
        count = expanded_nodes(model)
    except TooDeep as error:
        yield str(error)
        return
    if count > MOST_NODES:
        yield f"the graph has {count} nodes once its functions are put in place, more than {MOST_NODES}"


def foreign_operators(model: Model, named: tuple[str, ...]) -> Iterator[str]:
    """Operators that are neither allowed, nor named in the manifest, nor defined by the model."""
    defined = {(function.operator, function.overload) for function in model.functions}
    for function in model.functions:
        if function.operator in OPERATORS or function.operator.startswith(f"{STANDARD}."):
            yield f"function {shown(function.operator)} takes the place of a standard operator"
    used = dict.fromkeys(node.function for node in model.nodes())
    for operator, overload in used:
        if operator not in OPERATORS and operator not in named and (operator, overload) not in defined:
            yield f"operator {shown(operator)} is not on the list"


def external_data(model: Model) -> Iterator[str]:
    """Constants whose bytes are elsewhere."""
    for tensor in model.tensors():
        if tensor.external is not None:
            yield f"constant {shown(tensor.name)} takes its data from {shown(tensor.external)}"


def session_settings(model: Model) -> Iterator[str]:
    """Metadata that ONNX Runtime may take for its own settings."""
    if _SETTINGS in model.metadata:
        yield f"its metadata has `{_SETTINGS}`"


def absent_locales(model: Model) -> Iterator[str]:
    """Text operators that need a locale, which ONNX Runtime looks up when it loads them, whether or not it is used."""
    for node in model.nodes():
        if node.operator == f"{STANDARD}.StringNormalizer":
            locale = node.attributes["locale"].text if "locale" in node.attributes else None
            if locale not in LOCALES:
                name = "en_US.UTF-8, the default" if locale is None else shown(locale.decode("latin-1"))
                yield f"a StringNormalizer needs the locale {name}"


def draws_at_random(model: Model) -> bool:
    """Whether two answers to the same question may differ."""
    return any(node.operator.rpartition(".")[2] in _RANDOM for node in model.nodes())


_RANDOM: Final = frozenset(
    {
        "Bernoulli",
        "Dropout",
        "Multinomial",
        "RandomNormal",
        "RandomNormalLike",
        "RandomUniform",
        "RandomUniformLike",
    }
)
