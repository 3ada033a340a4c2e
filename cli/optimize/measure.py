"""How fast variants open and answer, and what memory they take. Each is measured in processes of its own.

Rounds go through all variants in turn: what else the machine does meanwhile hits all of them alike.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from cli.bench.percentiles import percentile
from cli.optimize.making import Variant
from cli.optimize.measure_process import Order, Round, RowTensor
from cli.packaging.onnx_session import tensor_of
from serin.admission import seconds_for
from serin.admission.apart import Limits, run_apart
from serin.engine import is_prepacked
from serin.manifest import Manifest
from serin.predictions import Predictor

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

ROUNDS: Final = 5
_RUNS: Final = 400
_RUN_SECONDS: Final = 2.0
_ROWS: Final = 100
_LONGEST_ROUND: Final = 2**20


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Milliseconds and MB. ``cold_ms``: from opening to the first answer, the median of all rounds; ``p50_ms``, the
    median of the rounds' medians, and ``p99_ms``, over all runs: of one row. ``memory_mb``: the most over all rounds.
    """

    cold_ms: float
    p50_ms: float
    p99_ms: float
    memory_mb: float | None


def measure(
    variants: Sequence[Variant],
    rows: Mapping[str, Array],
    manifest: Manifest,
    scratch: Path,
    done: Callable[[], None],
    rounds: int = ROUNDS,
) -> dict[str, Figures | str]:
    """Figures by variant, or why there are none.

    Args:
        variants: Those that could be made.
        rows: By input, the first axis is the rows; at most 100 of them are asked, one by one.
        manifest: Of the model.
        scratch: A folder for the rows.
        done: Called after each round of each variant.
        rounds: How many processes are started for each.
    """
    file = scratch / "rows.msgpack"
    file.write_bytes(msgspec.msgpack.encode(_single_rows(rows, manifest)))
    found: dict[str, list[Round]] = {variant.kind: [] for variant in variants}
    failed: dict[str, str] = {}
    for number in range(rounds):
        shift = number % len(variants)
        for variant in [*variants[shift:], *variants[:shift]]:
            if variant.kind not in failed:
                result = _round(variant, file, manifest)
                if isinstance(result, str):
                    failed[variant.kind] = result
                else:
                    found[variant.kind].append(result)
            done()
    return {kind: failed[kind] if kind in failed else _figures(of) for kind, of in found.items()}


def _single_rows(rows: Mapping[str, Array], manifest: Manifest) -> list[dict[str, RowTensor]]:
    import numpy as np

    count = len(next(iter(rows.values())))
    single = []
    for place in np.unique(np.linspace(0, count - 1, min(count, _ROWS)).round().astype(int)):
        row = {}
        for declared in manifest.inputs:
            tensor = tensor_of(rows[declared.name][place : place + 1], declared.datatype)
            data = tensor.data if isinstance(tensor.data, list) else bytes(tensor.data)
            row[declared.name] = RowTensor(tensor.datatype, tensor.shape, data)
        single.append(row)
    return single


def _round(variant: Variant, rows: Path, manifest: Manifest) -> Round | str:
    size = variant.served.stat().st_size
    order = Order(
        served=str(variant.served),
        rows=str(rows),
        outputs=tuple(Predictor(manifest).outputs),
        runs=_RUNS,
        run_seconds=_RUN_SECONDS,
        prepack=is_prepacked(variant.served.read_bytes()),
    )
    limits = Limits(seconds=seconds_for(size) + 10 * _RUN_SECONDS, memory=manifest.serving.memory_mb * 2**20)
    said = msgspec.json.encode(order).decode()
    ending = run_apart("cli.optimize.measure_process", [said], limits, longest=_LONGEST_ROUND)
    if ending.is_late:
        return f"not opened and measured in {limits.seconds:g} s"
    try:
        result = msgspec.json.decode(ending.said, type=Round)
    except msgspec.DecodeError:
        return f"opening or asking it ended the process with {ending.death or f'exit code {ending.code}'}"
    return result.problem or result


def _figures(rounds: Sequence[Round]) -> Figures:
    runs = [run for one in rounds for run in one.runs]
    grown = [one.grown_kb for one in rounds if one.grown_kb is not None]
    return Figures(
        cold_ms=1000 * statistics.median(one.first for one in rounds),
        p50_ms=1000 * statistics.median(percentile(one.runs, 0.5) for one in rounds),
        p99_ms=1000 * percentile(runs, 0.99),
        memory_mb=max(grown) / 1024 if grown else None,
    )
