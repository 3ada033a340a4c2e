"""Batch invariance: whether the answer to a row depends on the rows that it is asked with.

It must not: the rows of a batch may be of different people. Dynamic quantisation breaks it, as one range is found for
the whole batch: one row of large numbers leaves few steps for all others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal

from cli.packaging.onnx_session import OnnxSession
from cli.packaging.parity import compare, tolerances_of
from cli.packaging.source import Answers
from serin.manifest import Manifest

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

Invariance = Literal["exact", "close", "varies", "single"]
"""The same bits; within the manifest's tolerance, as products of one row and of many are rounded differently; beyond
it; or a model that takes one row at a time."""

_ROWS: Final = 200
_SEED: Final = 0


def batch_invariance(session: OnnxSession, rows: Mapping[str, Array], manifest: Manifest) -> Invariance:
    """Ask rows each alone, all in one batch, and in a batch of another order.

    Args:
        session: The model.
        rows: By input, the first axis is the rows. Of many, some that are evenly spaced and the most extreme ones.
        manifest: Its tolerances, as they are before any variant widens them, bound what may differ.
    """
    import numpy as np

    some = _some(rows)
    count = len(next(iter(some.values())))
    order = np.random.default_rng(_SEED).permutation(count)
    alone = session.run(some, rows_a_run=1)
    batch = session.run(some, rows_a_run=count)
    mixed = session.run({name: values[order] for name, values in some.items()}, rows_a_run=count)
    permuted = {name: values[np.argsort(order)] for name, values in mixed.items()}
    if all(_same(alone[name], other[name]) for other in (batch, permuted) for name in alone):
        return "exact"
    due, tolerances = Answers(outputs=alone), tolerances_of(manifest)
    held = all(compare(due, other, manifest.prediction, tolerances).holds for other in (batch, permuted))
    return "close" if held else "varies"


def _some(rows: Mapping[str, Array]) -> dict[str, Array]:
    import numpy as np

    count = len(next(iter(rows.values())))
    places = set(np.linspace(0, count - 1, min(count, _ROWS)).round().astype(int).tolist())
    for values in rows.values():
        if values.dtype.kind in "fiu":
            flat = np.nan_to_num(values.reshape(count, -1).astype(np.float64))
            places |= {int(flat.max(axis=1, initial=-np.inf).argmax()), int(flat.min(axis=1, initial=np.inf).argmin())}
    chosen = sorted(places)
    return {name: values[chosen] for name, values in rows.items()}


def _same(first: Array, second: Array) -> bool:
    import numpy as np

    if first.dtype == object:
        return bool((first == second).all())
    return bool(np.array_equal(first, second, equal_nan=first.dtype.kind == "f"))
