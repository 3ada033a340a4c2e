"""How many nodes a model has once every function that it defines is put in the place of its calls.

ONNX Runtime does put them there: a file of 1.4 kB whose functions call one another twice each has 10^6 nodes and is
still loading after 40 seconds.
"""

from __future__ import annotations

from typing import Final

from serin.admission.findings import shown
from serin.admission.graph import Function, Graph, Model, graphs_in

Key = tuple[str, str]


MOST_LEVELS: Final = 100
"""Functions within functions."""


class TooDeep(Exception):
    """Functions that call themselves, or one another for too long; says which."""


def expanded_nodes(model: Model) -> int:
    """Nodes of the main graph with all calls replaced.

    Raises:
        TooDeep: a function calls itself, directly or by way of others, or calls go too deep.
    """
    functions = {(function.operator, function.overload): function for function in model.functions}
    sizes: dict[Key, int] = {}
    levels: dict[Key, int] = {}
    for key, callees in _callees_first(functions):
        sizes[key] = _size(functions[key].body, sizes)
        levels[key] = 1 + max((levels[callee] for callee in callees), default=0)
        if levels[key] > MOST_LEVELS:
            raise TooDeep(f"functions call one another more than {MOST_LEVELS} deep")
    return _size(model.graph, sizes)


def _size(graph: Graph, sizes: dict[Key, int]) -> int:
    total, waiting = 0, [graph]
    while waiting:
        for node in waiting.pop().nodes:
            total += sizes.get(node.function, 1)
            waiting += graphs_in(node)
    return total


def _callees_first(functions: dict[Key, Function]) -> list[tuple[Key, set[Key]]]:
    """The functions and those that they call, each behind these."""
    calls = {key: _calls(function.body) & functions.keys() for key, function in functions.items()}
    order: list[tuple[Key, set[Key]]] = []
    done: set[Key] = set()
    for first in calls:
        path: set[Key] = set()
        waiting = [(first, False)]
        while waiting:
            key, is_left = waiting.pop()
            if is_left:
                path.remove(key)
                done.add(key)
                order.append((key, calls[key]))
            elif key in path:
                raise TooDeep(f"function {shown(key[0])} calls itself")
            elif key not in done:
                path.add(key)
                waiting.append((key, True))
                waiting += [(callee, False) for callee in calls[key]]
    return order


def _calls(graph: Graph) -> set[Key]:
    found: set[Key] = set()
    waiting = [graph]
    while waiting:
        for node in waiting.pop().nodes:
            found.add(node.function)
            waiting += graphs_in(node)
    return found
