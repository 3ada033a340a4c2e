from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import onnx
import pytest

from cli.optimize.making import Variant, make_variants
from cli.optimize.measure import Figures, measure
from cli.optimize.variants import Kind
from serin.manifest import Manifest
from tests.small_models.catalogue import GATHER
from tests.small_models.folder import SmallModel
from tests.small_models.iris import FEATURES, flowers, perceptron


def given(model: SmallModel, folder: Path, kind: Kind = "present") -> Variant:
    file = folder / f"{model.name}.onnx"
    file.write_bytes(model.artifact)
    return variant_of(kind, model.manifest(), file)


def variant_of(kind: Kind, manifest: Manifest, file: Path) -> Variant:
    return Variant(kind=kind, artifact=manifest.artifact, stored=file, served=file)


def test_every_variant_has_figures_and_every_round_is_counted(tmp_path: Path) -> None:
    model = perceptron()
    rows = {"features": flowers()[list(FEATURES)].to_numpy(np.float32)}
    variants = [given(model, tmp_path), given(model, tmp_path, "graph")]
    done: list[None] = []
    found = measure(variants, rows, model.manifest(), tmp_path, lambda: done.append(None), rounds=2)
    assert set(found) == {"present", "graph"}
    assert len(done) == 4
    for figures in found.values():
        assert isinstance(figures, Figures)
        assert 0 < figures.p50_ms <= figures.p99_ms
        assert figures.cold_ms > figures.p50_ms
        assert figures.memory_mb is not None
        assert figures.memory_mb >= 0


def test_a_variant_that_fails_on_a_row_has_a_reason_and_the_others_their_figures(tmp_path: Path) -> None:
    good = given(GATHER, tmp_path)
    bad = tmp_path / "bad.onnx"
    bad.write_bytes(b"no model")
    broken = variant_of("graph", GATHER.manifest(), bad)
    found = measure([good, broken], {"index": np.array([0, 2])}, GATHER.manifest(), tmp_path, lambda: None, rounds=1)
    assert isinstance(found["present"], Figures)
    assert "cannot open it" in str(found["graph"])


# --- Making, each in a process of its own ---------------------------------------------------------------------


@pytest.mark.parametrize("stored_as", ["onnx", "ort"])
def test_the_model_stays_what_it_is_and_variants_are_stored_as_asked(stored_as: str, tmp_path: Path) -> None:
    artifact = tmp_path / "model.onnx"
    artifact.write_bytes(perceptron().artifact)
    present, graph = make_variants(
        ("present", "graph"),
        artifact,
        perceptron().manifest(),
        tmp_path,
        stored_as="ort" if stored_as == "ort" else "onnx",
        calibration=None,
        batched=True,
        done=lambda: None,
    )
    assert present.problem is None
    assert present.stored.read_bytes() == perceptron().artifact
    assert graph.problem is None
    assert (graph.artifact.file, graph.artifact.format) == (f"model.{stored_as}", stored_as)
    assert (graph.stored.read_bytes()[4:8] == b"ORTM") == (stored_as == "ort")
    assert graph.served.read_bytes()[4:8] == b"ORTM"


def test_a_model_whose_image_is_not_optimised_is_measured_as_it_is_stored(tmp_path: Path) -> None:
    manifest = perceptron().manifest()
    serving = msgspec.structs.replace(manifest.serving, optimization="none")
    artifact = tmp_path / "model.onnx"
    artifact.write_bytes(perceptron().artifact)
    (present,) = make_variants(
        ("present",),
        artifact,
        msgspec.structs.replace(manifest, serving=serving),
        tmp_path,
        stored_as="onnx",
        calibration=None,
        batched=True,
        done=lambda: None,
    )
    assert present.served.read_bytes() == perceptron().artifact
    assert present.served_format == "onnx"


def test_what_the_tools_cannot_do_is_a_reason_not_an_error(tmp_path: Path) -> None:
    artifact = tmp_path / "model.onnx"
    artifact.write_bytes(GATHER.artifact)
    _, quantised = make_variants(
        ("present", "int8"),
        artifact,
        GATHER.manifest(),
        tmp_path,
        stored_as="onnx",
        calibration=None,
        batched=True,
        done=lambda: None,
    )
    assert quantised.problem == "no product of matrices in it; trees and the like stay as they are"


def test_what_is_no_model_is_a_reason_too(tmp_path: Path) -> None:
    broken = tmp_path / "model.onnx"
    broken.write_bytes(b"PK\x03\x04 something else")
    present, graph = make_variants(
        ("present", "graph"),
        broken,
        perceptron().manifest(),
        tmp_path,
        stored_as="onnx",
        calibration=None,
        batched=True,
        done=lambda: None,
    )
    assert "cannot open it" in str(present.problem)
    assert str(graph.problem).startswith("ONNX Runtime's tools failed on it (")


def test_a_variant_that_is_not_admitted_says_by_which_rule(tmp_path: Path) -> None:
    artifact = tmp_path / "model.onnx"
    value = onnx.helper.make_tensor_value_info
    node = onnx.helper.make_node("Inverse", ["x"], ["y"], domain="com.microsoft")
    x, y = (value(name, onnx.TensorProto.FLOAT, [None, 2, 2]) for name in "xy")
    opsets = [onnx.helper.make_opsetid("", 21), onnx.helper.make_opsetid("com.microsoft", 1)]
    graph = onnx.helper.make_graph([node], "graph", [x], [y])
    artifact.write_bytes(onnx.helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString())
    (variant,) = make_variants(
        ("graph",),
        artifact,
        perceptron().manifest(),
        tmp_path,
        stored_as="onnx",
        calibration=None,
        batched=True,
        done=lambda: None,
    )
    assert str(variant.problem).startswith("not admitted: operators: ")
