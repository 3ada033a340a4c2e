"""Where a key is demanded, what it has not signed is refused before anything of it is parsed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from serin.admission import Finding, NotAdmitted, admit_unopened, refuse_unsigned, verify
from serin.admission.__main__ import main
from tests.signing_keys import Keys, make_keys
from tests.small_models.catalogue import FLOWER


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return make_keys(tmp_path / "keys")


@pytest.fixture
def flower(tmp_path: Path, keys: Keys) -> Path:
    """Signed."""
    folder = FLOWER.write(tmp_path)
    keys.sign(folder)
    return folder


def findings(folder: Path, keys: Keys) -> list[Finding]:
    return verify(folder, seconds=60, signer=keys.signer)


def test_a_signed_folder_is_admitted_with_its_key_and_without_any(flower: Path, keys: Keys) -> None:
    assert findings(flower, keys) == []
    assert admit_unopened(flower, signer=keys.signer).manifest == admit_unopened(flower).manifest


def test_each_file_that_is_not_as_it_was_signed_is_a_finding(flower: Path, keys: Keys) -> None:
    (flower / "model.onnx").write_bytes(b"no model")
    (flower / "golden.jsonl").unlink()
    (flower / "weights.bin").touch()
    found = [(Path(finding.file).name, finding.rule, finding.problem) for finding in findings(flower, keys)]
    assert found == [
        ("golden.jsonl", "signed", "was signed and is not there"),
        ("model.onnx", "signed", "is not as it was signed"),
        ("weights.bin", "signed", "was not there when the folder was signed"),
    ]


def test_a_folder_that_cannot_even_be_read_is_refused_for_its_signature(flower: Path, keys: Keys) -> None:
    (flower / "model.yaml").write_bytes(b"\xff")
    (finding,) = findings(flower, keys)
    assert (finding.rule, finding.problem) == ("signed", "is not as it was signed")


def test_a_link_is_not_followed_to_see_whether_it_was_signed(flower: Path, keys: Keys, tmp_path: Path) -> None:
    (flower / "model.onnx").rename(tmp_path / "elsewhere")
    (flower / "model.onnx").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NotAdmitted, match=re.escape("model.onnx: files: is a symbolic link")):
        refuse_unsigned(flower, keys.signer)


def test_a_signature_too_large_to_be_one_is_not_read(flower: Path, keys: Keys) -> None:
    with (flower / "model.sig").open("ab") as file:
        file.truncate(2**24 + 1)
    (finding,) = findings(flower, keys)
    assert (Path(finding.file).name, finding.rule) == ("model.sig", "files")


def test_the_build_of_an_image_admits_what_the_key_has_signed_and_nothing_else(
    flower: Path, keys: Keys, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = make_keys(tmp_path / "other")
    capsys.readouterr()
    assert main([str(flower), keys.signer.text]) == 0
    assert main([str(flower), other.signer.text]) == 1
    assert capsys.readouterr().err.startswith(f"{flower}/model.sig: signed: was not made with the key ")
    assert main([str(flower), "key"]) == 1
    assert capsys.readouterr().err == "the signer: is no public key in DER; make a key as docs/signing.md says\n"
    assert main([]) == main(["a", "b", "c"]) == 2
