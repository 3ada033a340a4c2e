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
