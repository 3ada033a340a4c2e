"""A mapped model's weights are the file's pages: the process has none of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

import numpy as np
from onnx import helper, numpy_helper

from serin.engine import optimize
from serin.protocol import Datatype
from tests.small_models.graphs import graph, serialized, tensor

WIDTH: Final = 1024
LAYERS: Final = 6
WEIGHTS: Final = LAYERS * WIDTH * WIDTH * 4
"""Bytes."""


def wide_network() -> bytes:
    """Matrix products, whose weights ONNX Runtime likes to copy into another order."""
    generator = np.random.default_rng(0)
    weights = [
        numpy_helper.from_array(generator.standard_normal((WIDTH, WIDTH)).astype(np.float32), f"w{layer}")
        for layer in range(LAYERS)
    ]
    names = ["x", *(f"h{layer}" for layer in range(1, LAYERS)), "y"]
    nodes = [helper.make_node("MatMul", [names[i], f"w{i}"], [names[i + 1]]) for i in range(LAYERS)]
    ends = [tensor(name, Datatype.FP32, -1, WIDTH) for name in "xy"]
    return serialized(graph(nodes, ends[:1], ends[1:], weights))


def memory(repository: Path, way: str, file: Path) -> int:
    command = [sys.executable, "-m", "tests.integration.engine_c_api.mapping", way, str(file)]
    return int(subprocess.run(command, cwd=repository, capture_output=True, check=True, timeout=60).stdout)


def test_a_mapped_models_weights_are_not_copied(tmp_path: Path, repository: Path) -> None:
    plain, mapped = tmp_path / "model.onnx", tmp_path / "model.ort"
    plain.write_bytes(wide_network())
    mapped.write_bytes(optimize(plain.read_bytes()))
    assert memory(repository, "load", plain) > WEIGHTS
    assert memory(repository, "map", mapped) < WEIGHTS / 4
