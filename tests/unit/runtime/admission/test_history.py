from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from serin.admission import NotAdmitted, broken_signature, refuse_broken_signature
from serin.lock import Signature
from serin.model_folder import load_lock
from serin.protocol import Datatype, TensorMetadata
from tests.small_models.catalogue import FLOWER
from tests.small_models.faults import put, relock

WIDER = TensorMetadata(name="X", datatype=Datatype.FP32, shape=(-1, 3))


@pytest.mark.parametrize(
    ("before", "now", "is_broken"),
    [
        ("1.0.0", "1.0.0", True),
        ("1.0.0", "1.0.1", True),
        ("1.0.0", "1.7.0", True),
        ("1.0.0", "2.0.0", False),
        ("2.0.0", "1.0.0", False),
        ("10.0.0", "1.0.0", False),
        ("1.0.0-rc.1", "1.0.0", True),
        ("0.3.0", "0.3.1", True),
        ("0.3.0", "0.4.0", False),
        ("0.3.0", "1.0.0", False),
    ],
)
def test_a_signature_changes_with_the_major_version_alone(
    before: str, now: str, is_broken: bool, tmp_path: Path
) -> None:
    folder = FLOWER.write(tmp_path)
    relock(folder, put("version", before))
    lock = load_lock(folder / "model.lock.json")
    refuse_broken_signature(folder, now, lock.signature)
    changed = Signature(inputs=(WIDER,), outputs=lock.signature.outputs)
    if is_broken:
        with pytest.raises(NotAdmitted, match=f"signature: inputs of {now} are not those of {before}"):
            refuse_broken_signature(folder, now, changed)
    else:
        refuse_broken_signature(folder, now, changed)


def test_the_outputs_count_as_well_and_so_does_the_order(tmp_path: Path) -> None:
    folder = FLOWER.write(tmp_path)
    lock = load_lock(folder / "model.lock.json")
    for changed in (
        msgspec.structs.replace(lock.signature, outputs=()),
        msgspec.structs.replace(lock.signature, outputs=(WIDER, *lock.signature.outputs)),
    ):
        with pytest.raises(NotAdmitted, match="outputs of"):
            refuse_broken_signature(folder, "1.0.1", changed)


def test_a_folder_without_a_readable_lock_promises_nothing(tmp_path: Path) -> None:
    folder = FLOWER.write(tmp_path)
    (folder / "model.lock.json").write_text("{")
    refuse_broken_signature(folder, "1.0.0", Signature(inputs=(), outputs=()))


def test_two_folders_are_compared(tmp_path: Path) -> None:
    now, before = FLOWER.write(tmp_path / "now"), FLOWER.write(tmp_path / "before")
    assert broken_signature(now, before) == []
    relock(now, put("signature.inputs.0.shape", [-1, 3]))
    (finding,) = broken_signature(now, before)
    assert (finding.rule, finding.problem) == ("signature", "inputs of 1.0.0 are not those of 1.0.0")
    (finding,) = broken_signature(now, tmp_path)
    assert finding.problem.startswith("is missing")
