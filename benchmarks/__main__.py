"""``python -m benchmarks run|check|peers``: what `make bench`, `make bench-check` and `make bench-peers` do."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterable

from benchmarks import page, peer_results, plot, results
from benchmarks.bounds import breaches
from benchmarks.machine import facts
from benchmarks.parts import PARTS
from benchmarks.peers import measure_peers
from benchmarks.rows import Outcome
from serin.errors import SerinError


def main(words: list[str] | None = None) -> int:
    """0 when all went well and, for ``check``, no ratio is worse than its bound."""
    arguments = _parser().parse_args(words)
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    try:
        match arguments.verb:
            case "run":
                return _run(_named(arguments.parts))
            case "check":
                return _check(_named(arguments.parts))
            case _:
                return _peers()
    except SerinError as error:
        print(f"serin: {error}", file=sys.stderr)  # noqa: T201
    except KeyboardInterrupt:
        print("serin: stopped", file=sys.stderr)  # noqa: T201
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("verb", choices=("run", "check", "peers"))
    parser.add_argument("--parts", default="", help=f"some of {','.join(PARTS)} (default: all)")
    return parser


def _named(parts: str) -> list[str]:
    names = [name for name in parts.replace(" ", ",").split(",") if name]
    unknown = sorted(set(names) - PARTS.keys())
    if unknown:
        sys.exit(f"serin: PARTS: there is no {unknown[0]!r}; there are {', '.join(PARTS)}")
    return names or list(PARTS)


def _run(names: list[str]) -> int:
    """All rows in one go are kept; some of them are only shown."""
    outcomes = _measure(names, quick=False)
    _say(results.table(outcomes))
    if names == list(PARTS):
        taken = results.Results.of(facts(), outcomes)
        results.write(taken)
        plot.draw(taken)
        page.write(taken)
    return 0


def _check(names: list[str]) -> int:
    """A part with a breach is measured once more, and the second time counts: something else may have been running."""
    outcomes: list[Outcome] = []
    for name in names:
        taken = _measure([name], quick=True)
        outcomes += _measure([name], quick=True) if breaches(taken) else taken
    found = breaches(outcomes)
    _say("\n".join([results.table(outcomes), *found]))
    return 1 if found else 0


def _peers() -> int:
    taken = peer_results.PeerResults(facts(), measure_peers())
    _say(peer_results.markdown(taken))
    peer_results.write(taken)
    page.write_peers(taken)
    return 0


def _measure(names: Iterable[str], *, quick: bool) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for name in names:
        begun = time.monotonic()
        outcomes += PARTS[name](quick)
        print(f"{name}: {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)  # noqa: T201
    return outcomes


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
