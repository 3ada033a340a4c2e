"""Networks of PyTorch and Keras: packaged with parity, served over HTTP, and equal to what they say themselves."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from cli.packaging.package import Order, Packaged, package
from cli.packaging.sources.keras_model import keras
from serin.manifest import Classification
from tests.serving import serving
from tests.small_models.torch_modules import Digits, Encoder
from tests.unit.cli.packaging.converted import saved_keras

LENGTH = 6


@dataclass(frozen=True)
class Shop:
    packaged: Mapping[str, Packaged]
    url: str
    digits: Digits
    encoder: Encoder
    mixer: Any


def pictures() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    data = load_digits()
    return (data.images[:200, None] / 16).astype(np.float32), data.target[:200]


def sentences(rows: int, length: int) -> dict[str, np.ndarray[Any, Any]]:
    """Tokens, and which of them count: the first one always does."""
    draw = np.random.default_rng(1)
    lengths = draw.integers(1, length + 1, rows)
    return {"ids": draw.integers(0, 50, (rows, length)), "mask": np.arange(length) < lengths[:, None]}


def mixed() -> dict[str, np.ndarray[Any, Any]]:
    draw = np.random.default_rng(2)
    return {"numbers": draw.normal(size=(80, 3)).astype(np.float32), "words": draw.integers(0, 20, (80, 4))}


def mixer() -> Any:
    """A functional Keras model of numbers and words; one number comes out."""
    layers = keras.layers
    numbers, words = keras.Input((3,), name="numbers"), keras.Input((4,), dtype="int64", name="words")
    read = layers.Flatten()(layers.Embedding(20, 4)(words))
    joined = layers.Dense(8, activation="relu")(layers.Concatenate()([numbers, read]))
    return keras.Model({"numbers": numbers, "words": words}, layers.Dense(1)(joined))


def made(name: str, source: Path, arrays: Mapping[str, Any], place: Path) -> Packaged:
    data = place / f"{name}.npz"
    np.savez(data, **arrays)
    order = Order(source=source, name=name, data=data, models=place / "models", target=("target",), tolerances={})
    return package(order, trust=lambda _: True, advance=lambda: None)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    place = tmp_path_factory.mktemp("networks")
    torch.manual_seed(0)
    keras.utils.set_random_seed(0)
    digits, encoder, mixed_model = Digits().eval(), Encoder().eval(), mixer()
    images, numbers = pictures()
    torch.save(digits, place / "digits.pt")
    rows, length = torch.export.Dim("rows"), torch.export.Dim("length", max=64)
    some = {name: torch.from_numpy(values) for name, values in sentences(4, LENGTH).items()}
    axes = {name: {0: rows, 1: length} for name in some}
    torch.export.save(torch.export.export(encoder, (), some, dynamic_shapes=axes), place / "encoder.pt2")
    saved_keras(mixed_model, place / "mixer.keras")
    kinds = np.array(["calm", "glad", "sad"])[np.arange(60) % 3]
    packaged = {
        "digits": made("digits", place / "digits.pt", {"image": images, "target": numbers}, place),
        "encoder": made("encoder", place / "encoder.pt2", {**sentences(60, LENGTH), "target": kinds}, place),
        "mixer": made("mixer", place / "mixer.keras", {**mixed(), "target": np.linspace(0, 1, 80)}, place),
    }
    with serving(place / "models", seconds=240) as server:
        yield Shop(packaged, server.url, digits, encoder, mixed_model)


def close(actual: Any, due: Any) -> None:
    np.testing.assert_allclose(actual, due, rtol=1e-4, atol=1e-5)


def asked(url: str, name: str, tensors: Mapping[str, np.ndarray[Any, Any]]) -> list[dict[str, Any]]:
    count = len(next(iter(tensors.values())))
    rows = [{key: values[i].tolist() for key, values in tensors.items()} for i in range(count)]
    request = urllib.request.Request(  # noqa: S310 - loopback
        f"{url}/models/{name}/predict",
        data=json.dumps({"instances": rows}).encode(),
        headers={"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310 - loopback
        predictions: list[dict[str, Any]] = json.load(response)["predictions"]
    return predictions


@pytest.mark.parametrize("count", [1, 2, 7])
def test_a_convolutional_network_is_served_as_it_answers(count: int, shop: Shop) -> None:
    images = pictures()[0][:count]
    with torch.no_grad():
        due = torch.softmax(shop.digits(torch.from_numpy(images)), 1).numpy()
    got = asked(shop.url, "digits", {"image": images})
    close([list(row["probabilities"].values()) for row in got], due)
    assert [row["label"] for row in got] == due.argmax(1).astype(str).tolist()


@pytest.mark.parametrize("length", [1, LENGTH, 30])
def test_a_transformer_of_two_inputs_is_served_at_any_length(length: int, shop: Shop) -> None:
    tensors = sentences(5, length)
    with torch.no_grad():
        given = {name: torch.from_numpy(values) for name, values in tensors.items()}
        due = torch.softmax(shop.encoder(**given), 1).numpy()
    got = asked(shop.url, "encoder", tensors)
    close([list(row["probabilities"].values()) for row in got], due)


def test_a_keras_model_of_two_inputs_is_served_as_it_answers(shop: Shop) -> None:
    tensors = {name: values[:9] for name, values in mixed().items()}
    due = shop.mixer(tensors, training=False).detach().numpy().ravel()
    close([row["value"] for row in asked(shop.url, "mixer", tensors)], due)


def test_what_the_outputs_mean_is_read_from_the_target(shop: Shop) -> None:
    digits, encoder = (shop.packaged[name].manifest.prediction for name in ("digits", "encoder"))
    assert isinstance(digits, Classification)
    assert digits.labels == tuple("0123456789")
    assert isinstance(encoder, Classification)
    assert (encoder.labels, encoder.activation) == (("calm", "glad", "sad"), "softmax")
