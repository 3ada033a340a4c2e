"""``model.lock.json``: what tools computed about a model. People do not write it."""

from typing import Final, Literal

import msgspec

from serin.manifest import FileName, Name, SemVer, Sha256
from serin.protocol import TensorMetadata

LOCK_SCHEMA: Final = "serin/lock/v1"


class _Locked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Immutable, strict."""


class LockedFile(_Locked, frozen=True, kw_only=True):
    """A file of the folder and the digest of its bytes."""

    file: FileName
    sha256: Sha256
    bytes: int


class Signature(_Locked, frozen=True, kw_only=True):
    """Inputs and outputs as ONNX Runtime reads them from the artifact."""

    inputs: tuple[TensorMetadata, ...]
    outputs: tuple[TensorMetadata, ...]


class GoldenSummary(_Locked, frozen=True, kw_only=True):
    """The golden cases and how far ONNX Runtime's answers are from them, over all numbers of all cases."""

    file: LockedFile
    cases: int
    max_absolute_difference: float


class OutputParity(_Locked, frozen=True, kw_only=True):
    """Differences between an output and what the source model answers, over all elements of all rows.

    Upper bounds of two digits. Relative to the source's answer, where that is not 0.
    """

    absolute_max: float = 0.0
    absolute_mean: float = 0.0
    relative_max: float = 0.0
    relative_mean: float = 0.0


class Parity(_Locked, frozen=True, kw_only=True):
    """How near the artifact comes to the source model.

    ``rows``, ``edge_rows``: that were compared. ``label_agreement``: share of rows with the same label (0 to 1).
    ``rank_agreement``: Spearman's rho between both rankings of the rows (-1 to 1).
    """

    rows: int
    edge_rows: int
    outputs: dict[str, OutputParity]
    label_agreement: float | None = None
    rank_agreement: float | None = None


class LockedSource(_Locked, frozen=True, kw_only=True):
    """The trained model's file and the digest of its bytes."""

    file: str
    sha256: Sha256
    bytes: int


class SourceData(_Locked, frozen=True, kw_only=True):
    """A data file and the digest of its bytes."""

    file: str
    sha256: Sha256
    rows: int


class Provenance(_Locked, frozen=True, kw_only=True):
    """What the artifact was made from.

    ``source``: the trained model's file. ``framework``: name and version. ``data``: what it was packaged with;
    ``holdout``: rows that it was compared on, where they are others. ``commit``: of the code beside the source.
    """

    source: LockedSource
    framework: str
    data: SourceData
    holdout: SourceData | None = None
    commit: str | None = None


class Lock(_Locked, frozen=True, kw_only=True):
    """Everything that must still hold when the model is built or served."""

    schema: Literal["serin/lock/v1"]
    name: Name
    version: SemVer
    artifact: LockedFile
    signature: Signature
    golden: GoldenSummary | None = None
    baseline: LockedFile | None = None
    tools: dict[str, str] = {}
    provenance: Provenance | None = None
    parity: Parity | None = None
