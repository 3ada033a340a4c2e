from __future__ import annotations

from pathlib import Path

import pytest

from cli.card.facts import read_card
from serin.errors import ModelFolderError
from tests.small_models.catalogue import FLOWER, PAIR, SHOP
from tests.small_models.faults import relock
from tests.unit.cli.card.models import write_packaged


def test_features_are_told_with_what_they_allow_and_what_the_training_data_had(tmp_path: Path) -> None:
    city, visits, member, age = read_card(SHOP.write(tmp_path)).inputs
    assert (city.name, city.type, city.categories) == ("city", "string", ("Rome", "Oslo"))
    assert city.bins is not None
    assert city.bins.counts == (2, 1)
    assert (visits.range, visits.bins) == ((-5, 100), None)
    assert member.type == "bool"
    assert age.missing == "allow"


def test_a_model_without_features_is_told_by_its_tensors(tmp_path: Path) -> None:
    card = read_card(PAIR.write(tmp_path))
    assert [(one.name, one.type, one.shape) for one in card.inputs] == [("a", "FP32", (-1, 2)), ("b", "FP32", (-1, 2))]
    assert card.golden is not None
    assert (card.golden.cases, card.golden.labels, card.golden.bins) == (1, None, None)


def test_golden_cases_are_counted_by_label_and_by_bin(tmp_path: Path) -> None:
    golden = read_card(FLOWER.write(tmp_path)).golden
    assert golden is not None
    assert golden.labels == {"rose": 1, "tulip": 0}
    assert (golden.bins_covered, golden.bins) == (1, 3)
    golden = read_card(SHOP.write(tmp_path)).golden
    assert golden is not None
    assert (golden.cases, golden.bins_covered, golden.bins) == (2, 2, 2)


def test_what_packaging_found_out_is_told(tmp_path: Path) -> None:
    card = read_card(write_packaged(tmp_path))
    assert card.metrics == {"accuracy": 0.975, "log_loss": 0.1}
    assert card.parity is not None
    assert card.parity.outputs["scores"].absolute_max == 2.5e-6
    assert card.provenance is not None
    assert card.tools == {"skl2onnx": "1.20.0"}
    assert [file.file for file in card.files] == ["model.onnx", "golden.jsonl", "baseline.json"]


def test_a_model_may_have_neither_golden_cases_nor_baseline(tmp_path: Path) -> None:
    folder = PAIR.write(tmp_path)
    relock(folder, lambda lock: lock.pop("golden"))
    (folder / "golden.jsonl").unlink()
    card = read_card(folder)
    assert (card.golden, card.prediction_bins, card.lineage) == (None, None, None)
    assert [file.file for file in card.files] == ["model.onnx"]


@pytest.mark.parametrize("name", ["model.onnx", "golden.jsonl", "baseline.json"])
def test_a_card_tells_nothing_of_files_that_are_not_those_of_the_lock(name: str, tmp_path: Path) -> None:
    folder = FLOWER.write(tmp_path)
    (folder / name).write_bytes(b"{}")
    with pytest.raises(ModelFolderError, match=r"is not the file that model\.lock\.json names"):
        read_card(folder)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    folder = FLOWER.write(tmp_path)
    (folder / "README.md").symlink_to("/etc/passwd")
    with pytest.raises(ModelFolderError, match="link"):
        read_card(folder)
