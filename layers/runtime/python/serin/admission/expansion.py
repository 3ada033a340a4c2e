"""How many nodes a model has once every function that it defines is put in the place of its calls.

ONNX Runtime does put them there: a file of 1.4 kB whose functions call one another twice each has 10^6 nodes and is
still loading after 40 seconds.
"""

from __future__ import annotations

from serin.admission.graph import Function, Graph, Model, graphs_in

Key = tuple[str, str]


class Endless(Exception):
    """Functions that call themselves; names one."""


def expanded_nodes(model: Model) -> int:
    """Nodes of the main graph with all calls replaced.

    Raises:
        Endless: a function calls itself, directly or by way of others.
    """
    functions = {(function.operator, function.overload): function for function in model.functions}
    sizes: dict[Key, int] = {}
    for key in _callees_first(functions):
        sizes[key] = _size(functions[key].body, sizes)
    return _size(model.graph, sizes)


def _size(graph: Graph, sizes: dict[Key, int]) -> int:
    total, waiting = 0, [graph]
    while waiting:
        for node in waiting.pop().nodes:
            total += sizes.get(node.function, 1)
            waiting += graphs_in(node)
    return total


def _callees_first(functions: dict[Key, Function]) -> list[Key]:
    """The functions in an order in which each stands after those that it calls."""
    calls = {key: _calls(function.body) & functions.keys() for key, function in functions.items()}
    order: list[Key] = []
    done: set[Key] = set()
    for first in calls:
        path: list[Key] = []
        waiting = [(first, False)]
        while waiting:
            key, is_left = waiting.pop()
            if is_left:
                path.remove(key)
                done.add(key)
                order.append(key)
            elif key in path:
                raise Endless(key[0])
            elif key not in done:
                path.append(key)
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
