"""What `serin optimize` is asked for, read from its command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

import msgspec

from cli.outcome import CommandError, ExitCode
from cli.tolerances import tolerances
from serin.manifest import SemVer, Tolerance

Quantization = Literal["int8", "int8-static", "fp16"]
Format = Literal["onnx", "ort"]

METRIC_DROP: Final = 0.01
"""What the metric may fall by where nobody says."""


@dataclass(frozen=True, kw_only=True)
class OptimizeOptions:
    """``tolerances``: by output, where the command line widens them. ``version``: of the model with the winner in it;
    None raises the minor one. ``auto`` and ``choose`` exclude each other; without both, nothing is written.
    """

    quantize: tuple[Quantization, ...] = ()
    format: Format = "onnx"
    data: Path | None = None
    target: str | None = None
    max_metric_drop: float = METRIC_DROP
    tolerances: Mapping[str, Tolerance]
    auto: bool = False
    choose: str | None = None
    version: str | None = None
    as_json: bool = False


def optimize_options(
    *,
    quantize: Sequence[str] = (),
    format: str = "onnx",  # noqa: A002 - the option's name
    data: Path | None = None,
    target: str | None = None,
    max_metric_drop: float | None = None,
    tolerance: Sequence[str] = (),
    auto: bool = False,
    choose: str | None = None,
    version: str | None = None,
    as_json: bool = False,
) -> OptimizeOptions:
    """The options, as they are typed.

    Raises:
        CommandError: one is not what it should be, or two do not go together.
    """
    if max_metric_drop is not None and target is None:
        raise _wrong("--max-metric-drop needs labels; give --data FILE and --target COLUMN")
    if target is not None and data is None:
        raise _wrong("--target names a column of --data; give --data FILE")
    if auto and choose is not None:
        raise _wrong("--auto and --choose both name the winner; give one of them")
    kinds = _kinds(quantize)
    if "int8-static" in kinds and data is None:
        raise _wrong("--quantize int8-static is calibrated on rows; give --data FILE")
    if format not in get_args(Format):
        raise _wrong(f"--format: expected onnx or ort, not {format!r}")
    if version is not None:
        _check_version(version)
    return OptimizeOptions(
        quantize=kinds,
        format="ort" if format == "ort" else "onnx",
        data=data,
        target=target,
        max_metric_drop=METRIC_DROP if max_metric_drop is None else max_metric_drop,
        tolerances=tolerances(tolerance),
        auto=auto,
        choose=choose,
        version=version,
        as_json=as_json,
    )


def _kinds(given: Sequence[str]) -> tuple[Quantization, ...]:
    known: dict[str, Quantization] = {name: name for name in get_args(Quantization)}
    names = [name.strip() for text in given for name in text.split(",")]
    for name in names:
        if name not in known:
            raise _wrong(f"--quantize: expected {', '.join(known)}, not {name!r}")
    return tuple(kind for name, kind in known.items() if name in names)


def _check_version(text: str) -> None:
    try:
        msgspec.convert(text, SemVer)
    except msgspec.ValidationError:
        raise _wrong(f"--version: {text!r} is no semantic version, such as 1.2.0") from None


def _wrong(message: str) -> CommandError:
    return CommandError(ExitCode.USAGE, message)
