"""`serin package`: what is asked and told on the way from a trained model to a model folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import msgspec

from cli.outcome import CommandError, ExitCode, one_line
from cli.packaging.evidence import NoParity
from cli.packaging.package import STEPS, Order, Packaged, package
from cli.progress import counting
from serin.manifest import Name, SemVer
from serin.model_folder import MANIFEST_FILE


def package_model(order: Order, *, trust: bool) -> None:
    """Package a model and print what came of it.

    Raises:
        CommandError: the name or the version cannot be one, or the model is refused; the folder is as it was.
    """
    _check(order.name, Name, "--name", "lower-case words joined by hyphens, like credit-risk")
    if order.version is not None:
        _check(order.version, SemVer, "--version", "a semantic version, like 1.2.0")
    try:
        with counting(f"Packaging {order.name}", STEPS) as advance:
            packaged = package(order, trust=lambda why: trust or _asked(why), advance=advance)
    except NoParity as error:
        for line in error.lines:
            print(one_line(line), file=sys.stderr)
        raise
    except ModuleNotFoundError as error:
        message = f"{error.name} is not installed; `.venv/bin/pip install -e '.[package]'`"
        raise CommandError(ExitCode.REFUSED, message) from None
    print("\n".join(_told(packaged)))


def _check(value: str, type_: object, option: str, expected: str) -> None:
    try:
        msgspec.convert(value, type_)
    except msgspec.ValidationError:
        raise CommandError(ExitCode.USAGE, f"{option}: {value!r} cannot be used; expected {expected}") from None


def _asked(why: str) -> bool:
    """Ask a person; whoever runs this in a script says so beforehand."""
    if not sys.stdin.isatty():
        return False
    print(one_line(why), file=sys.stderr)
    return input("Open it? [y/N] ").strip().lower() in {"y", "yes"}


def _told(packaged: Packaged) -> Iterator[str]:
    manifest, lock, parity = packaged.manifest, packaged.lock, packaged.lock.parity
    what = f"{len(manifest.features)} features" if manifest.features else f"{len(manifest.inputs)} inputs"
    yield f"{packaged.folder}: version {manifest.version}, {what}, {manifest.prediction.__struct_config__.tag}"
    if parity is not None and lock.provenance is not None:
        rows = f"{parity.rows} rows and {parity.edge_rows} edge rows"
        yield f"parity with {lock.provenance.framework} on {rows}:"
        for name, output in parity.outputs.items():
            yield f"  {name}: at most {output.absolute_max:g} apart, {output.absolute_mean:g} on average"
        if parity.label_agreement is not None:
            yield f"  labels: {parity.label_agreement:.4%} alike"
    if lock.golden is not None:
        yield f"{lock.golden.cases} golden cases hold"
    for name in packaged.unfilled:
        yield f"note: a missing {name!r} is refused, for the model knows no text that stands for it"
    file = packaged.folder / MANIFEST_FILE
    yield f"next: say in {file} what the values mean; then `serin lock {manifest.name}` and `serin serve`"
