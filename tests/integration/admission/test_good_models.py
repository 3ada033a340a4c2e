"""What may be served is admitted: the sample models, the small ones, and the operators' own tests of the standard."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from onnx import ModelProto, helper

from cli.lock import lock_apart
from serin.admission import inspect, verify
from serin.admission.admit import read_model
from serin.admission.operator_list import NEWEST_IR, NEWEST_OPSETS, OPERATORS
from serin.admission.rules import DIVISION_CHECK, GRAPH_CHECKS
from serin.admission.structure import LOCALES
from serin.manifest import Manifest
from serin.protocol import Datatype
from serin.tensor import Tensor
from tests.integration.admission.hostile import imports, model_of, node
from tests.integration.admission.own_format import converted
from tests.small_models.catalogue import ALL, DIVISION, FLOWER, GATHER, IDENTITIES, SHOP
from tests.small_models.faults import put, rewrite
from tests.small_models.folder import SmallModel
from tests.small_models.graphs import tensor

SAMPLES = sorted(path.parent.name for path in Path(__file__).parents[3].glob("models/*/model.yaml"))
PATIENT = 60.0
"""Seconds: other tests may take the processors."""


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_model_is_admitted(name: str, repository: Path) -> None:
    assert verify(repository / "models" / name, seconds=PATIENT) == []


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.name)
def test_nothing_is_found_in_a_small_model_as_it_lies_there(model: SmallModel, tmp_path: Path) -> None:
    assert inspect(model.write(tmp_path)) == []


@pytest.mark.parametrize("model", [FLOWER, SHOP, DIVISION, GATHER, IDENTITIES[0], IDENTITIES[-1]], ids=lambda m: m.name)
def test_a_small_model_is_admitted_after_it_was_opened(model: SmallModel, tmp_path: Path) -> None:
    assert verify(model.write(tmp_path), seconds=PATIENT) == []


def test_a_model_without_golden_cases_is_asked_for_zeros(tmp_path: Path) -> None:
    model = SmallModel(name="bare", artifact=SHOP.artifact, inputs=SHOP.inputs, outputs=SHOP.outputs)
    assert verify(model.write(tmp_path), seconds=PATIENT) == []


@pytest.mark.parametrize("locale", sorted(name.decode() for name in LOCALES))
def test_locales_that_are_allowed_are_there_and_change_case(locale: str, tmp_path: Path) -> None:
    texts = tuple(tensor(name, Datatype.BYTES, 1) for name in "xy")
    lower = node("StringNormalizer", "x", "y", case_change_action="LOWER", is_case_sensitive=1, locale=locale)
    model = SmallModel(
        name="lower",
        artifact=model_of([lower], inputs=texts[:1], outputs=texts[1:]),
        inputs=texts[:1],
        outputs=texts[1:],
    )
    assert verify(model.write(tmp_path), seconds=PATIENT) == []
    run = model.session().run({"x": Tensor(Datatype.BYTES, (1,), ["A É".encode()])}, ["y"], time.monotonic() + PATIENT)
    assert run["y"].data == ["a é".encode() if "UTF" in locale else "a É".encode()]


def test_an_operator_that_the_manifest_names_is_opened_and_answers(tmp_path: Path) -> None:
    x, y = (tensor(name, Datatype.FP32, -1, 2, 2) for name in "xy")
    inverse = helper.make_node("Inverse", ["x"], ["y"], domain="com.microsoft")
    artifact = model_of([inverse], inputs=(x,), outputs=(y,), change=imports("com.microsoft"))
    folder = SmallModel(name="inverse", artifact=artifact, inputs=(x,), outputs=(y,)).write(tmp_path)
    assert [finding.rule for finding in verify(folder, seconds=PATIENT)] == ["operators"]
    rewrite(folder, put("artifact", {"operators": ["com.microsoft.Inverse"]}))
    assert verify(folder, seconds=PATIENT) == []


def test_a_model_in_onnx_runtimes_own_format_is_locked_and_admitted(tmp_path: Path) -> None:
    folder = FLOWER.write(tmp_path)
    (folder / "model.ort").write_bytes(converted(FLOWER.artifact, tmp_path, optimised=True))
    (folder / "model.onnx").unlink()
    rewrite(folder, put("artifact", {"file": "model.ort", "format": "ort"}))
    lock_apart(folder, seconds=PATIENT)
    assert verify(folder, seconds=PATIENT) == []


# --- The operators' own tests ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def node_tests() -> dict[str, ModelProto]:
    """By name, the models with which the standard tests each operator."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # their reference answers overflow on purpose
        from onnx.backend.test.case.node import collect_testcases

        cases = collect_testcases(None)
    return {case.name: case.model for case in cases if case.model is not None}


def is_read(model: ModelProto) -> bool:
    """Whether this ONNX Runtime knows the versions; those of the newest operators are ahead of it."""
    opsets = {entry.domain or "ai.onnx": entry.version for entry in model.opset_import}
    return model.ir_version <= NEWEST_IR and all(
        version <= NEWEST_OPSETS.get(domain, version) for domain, version in opsets.items()
    )


def operators_of(model: ModelProto) -> set[str]:
    return {f"{node.domain or 'ai.onnx'}.{node.op_type}" for node in model.graph.node}


def test_every_operator_test_of_the_standard_passes_but_for_what_the_rules_name(
    node_tests: dict[str, ModelProto], sample_manifest: Manifest
) -> None:
    assert len(node_tests) > 1500
    found = {name: set(_findings(model, sample_manifest)) for name, model in node_tests.items()}
    for name, rules in found.items():
        model = node_tests[name]
        assert ("versions" in rules) != is_read(model), name
        assert ("operators" in rules) != (operators_of(model) <= OPERATORS.keys()), name
        # All tests of the first use the default locale, which images lack; those of the second take any length.
        assert ("locales" in rules) == ("ai.onnx.StringNormalizer" in operators_of(model)), name
        assert ("frames" in rules) == ("ai.onnx.STFT" in operators_of(model)), name
        assert not rules - {"versions", "operators", "locales", "frames"}, name


def _findings(model: ModelProto, manifest: Manifest) -> Iterator[str]:
    read = read_model(model.SerializeToString(), "onnx")
    for rule, check in (*GRAPH_CHECKS, DIVISION_CHECK):
        for _ in check(read, manifest):
            yield rule.name


@pytest.fixture(scope="module")
def sample_manifest() -> Manifest:
    return FLOWER.manifest()
