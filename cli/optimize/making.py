"""All variants of one model, each made in a process of its own and admitted like any other model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import msgspec

from cli.optimize.variant_process import Made, Order
from cli.optimize.variants import LOSSY, PRESENT, Kind
from serin.admission import NotAdmitted, refuse_artifact, seconds_for
from serin.admission.apart import Ending, Limits, run_apart
from serin.manifest import Artifact, Manifest

_TIMES_OPENING: Final = 30
"""How much longer a variant may be in the making than the model is in opening."""
_LONGEST_ANSWER: Final = 2**16


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One variant. ``stored``: the artifact that would go into the folder; ``served``: what a function would open.

    ``artifact``: what the manifest says of it. ``problem``: why it cannot be had; None where it can.
    """

    kind: Kind
    artifact: Artifact
    stored: Path
    served: Path
    problem: str | None = None

    @property
    def is_present(self) -> bool:
        return self.kind == PRESENT

    @property
    def is_lossy(self) -> bool:
        return self.kind in LOSSY

    @property
    def served_format(self) -> Literal["onnx", "ort"]:
        return "ort" if self.served.suffix == ".ort" else "onnx"

    def manifest(self, manifest: Manifest) -> Manifest:
        """``manifest`` with this variant's artifact."""
        return msgspec.structs.replace(manifest, artifact=self.artifact)


def make_variants(
    kinds: Sequence[Kind],
    artifact: Path,
    manifest: Manifest,
    scratch: Path,
    *,
    stored_as: Literal["onnx", "ort"],
    calibration: Path | None,
    batched: bool,
    done: Callable[[], None],
) -> list[Variant]:
    """Make every one of ``kinds``, in that order.

    Args:
        kinds: Which.
        artifact: The model file, ``.onnx``.
        manifest: Of the model.
        scratch: An empty folder for their files.
        stored_as: Format of the variants' artifacts; the model as it is stays what it is.
        calibration: For ``int8-static``, an .npz file of rows.
        batched: Whether several rows go into one run.
        done: Called after each.
    """
    variants = []
    for kind in kinds:
        form = "onnx" if kind == PRESENT else stored_as
        order = _order(kind, form, artifact, manifest, scratch, calibration, batched=batched)
        variants.append(_made(order, manifest))
        done()
    return variants


def _order(
    kind: Kind,
    form: Literal["onnx", "ort"],
    artifact: Path,
    manifest: Manifest,
    scratch: Path,
    calibration: Path | None,
    *,
    batched: bool,
) -> Order:
    level = manifest.serving.optimization
    served = "ort" if form == "ort" or level != "none" else "onnx"
    return Order(
        kind=kind,
        format=form,
        level=None if level == "none" else level,
        architecture=manifest.serving.architecture,
        batched=batched,
        artifact=str(artifact),
        stored=str(scratch / f"{kind}.{form}"),
        served=str(scratch / f"{kind}.served.{served}"),
        calibration=None if calibration is None else str(calibration),
    )


def _made(order: Order, manifest: Manifest) -> Variant:
    declared = manifest.artifact
    if order.kind != PRESENT:
        file = f"{declared.file.removesuffix('.onnx')}.{order.format}"
        declared = msgspec.structs.replace(declared, file=file, format=order.format)
    variant = Variant(kind=order.kind, artifact=declared, stored=Path(order.stored), served=Path(order.served))
    seconds = _TIMES_OPENING * seconds_for(Path(order.artifact).stat().st_size)
    said = msgspec.json.encode(order).decode()
    # It writes files and takes what the tools need, so of the limits it has the time alone.
    ending = run_apart("cli.optimize.variant_process", [said], Limits(seconds, 0), longest=_LONGEST_ANSWER)
    problem = _problem(ending, seconds) or _refusal(variant, manifest)
    return variant if problem is None else _without(variant, problem)


def _problem(ending: Ending, seconds: float) -> str | None:
    if ending.is_late:
        return f"not made in {seconds:g} s"
    try:
        return msgspec.json.decode(ending.said, type=Made).problem or None
    except msgspec.DecodeError:
        return f"making it ended the process with {ending.death or f'exit code {ending.code}'}"


def _refusal(variant: Variant, manifest: Manifest) -> str | None:
    """What admission has against it, as it is stored."""
    try:
        refuse_artifact(variant.stored, variant.stored.read_bytes(), variant.manifest(manifest))
    except NotAdmitted as error:
        return f"not admitted: {error.findings[0].rule}: {error.findings[0].problem}"
    return None


def _without(variant: Variant, problem: str) -> Variant:
    return Variant(
        kind=variant.kind,
        artifact=variant.artifact,
        stored=variant.stored,
        served=variant.served,
        problem=problem,
    )
