from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cli.packaging.features import columns_of
from cli.packaging.rows import Rows
from cli.packaging.source import SourceRefused
from cli.packaging.sources import opening
from cli.packaging.sources.keras_model import from_file, from_object, keras
from cli.packaging.sources.torch_function import TorchFunction
from serin.manifest import Classification, Regression, Tensors
from serin.protocol import Datatype
from tests.unit.cli.packaging.converted import Converted, converted, cut_short, plain, saved_keras

RANDOM = np.random.default_rng(0)
TABLE = pd.DataFrame(RANDOM.normal(size=(50, 4)), columns=list("abcd"))


def posts(rows: int, words: int) -> Rows:
    return Rows(
        tensors={
            "ids": RANDOM.integers(0, 30, size=(rows, words)),
            "picture": RANDOM.random(size=(rows, 8, 8, 1)),
        },
        target=np.array(["ham", "spam", "wow"], dtype=object)[np.arange(rows) % 3],
    )


def two_inputs() -> Any:
    """A functional model of a picture and of words, as many as there are."""
    layers = keras.layers
    picture, ids = keras.Input((8, 8, 1), name="picture"), keras.Input((None,), dtype="int32", name="ids")
    seen = layers.Flatten()(layers.MaxPooling2D()(layers.Conv2D(4, 3, activation="relu")(picture)))
    read = layers.GlobalAveragePooling1D()(layers.Embedding(30, 6)(ids))
    scores = layers.Dense(3, activation="softmax")(layers.Concatenate()([seen, read]))
    return keras.Model({"picture": picture, "ids": ids}, scores)


@pytest.fixture(scope="module")
def two_inputs_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    keras.utils.set_random_seed(0)
    return saved_keras(two_inputs(), tmp_path_factory.mktemp("keras") / "posts.keras")


@pytest.fixture(scope="module")
def functional(two_inputs_file: Path) -> Converted:
    return converted(from_file(two_inputs_file), posts(30, 5))


@pytest.mark.parametrize("words", [1, 2, 12])
@pytest.mark.parametrize("rows", [1, 2, 7])
def test_a_functional_model_answers_the_same_in_any_batch_and_at_any_length(
    functional: Converted, rows: int, words: int
) -> None:
    assert functional.apart(posts(rows, words)) < 1e-5


def test_its_inputs_are_as_the_model_has_them(functional: Converted) -> None:
    assert {tensor.name: (tensor.datatype, tensor.shape) for tensor in functional.layout.inputs} == {
        "picture": (Datatype.FP32, (-1, 8, 8, 1)),
        "ids": (Datatype.INT32, (-1, -1)),
    }
    assert functional.prediction == Classification(scores="output", labels=("ham", "spam", "wow"))
    assert functional.source.framework.startswith(f"Keras {keras.__version__} (PyTorch ")


def test_the_same_file_gives_the_same_bytes(functional: Converted, two_inputs_file: Path) -> None:
    assert plain(converted(from_file(two_inputs_file), posts(30, 5)).model) == plain(functional.model)


def test_a_sequential_model_takes_a_table(tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    scaling = keras.layers.Normalization(mean=[0, 1, 2, 3], variance=[1, 2, 3, 4])
    layers = [scaling, keras.layers.Dense(8, "relu"), keras.layers.Dropout(0.5), keras.layers.BatchNormalization()]
    model = keras.Sequential([keras.Input((4,)), *layers, keras.layers.Dense(1)])
    rows = Rows(table=TABLE, target=TABLE["a"].to_numpy() * 3)
    source: object = opening.open_source(saved_keras(model, tmp_path / "table.keras"), trust=lambda why: True)
    assert isinstance(source, TorchFunction)
    assert source.feature_count == 4
    made = converted(source, rows, columns_of(TABLE, None, 4, "data.csv"))
    assert made.layout.columns == {"features": ("a", "b", "c", "d")}
    assert made.prediction == Regression(value="output")
    for count in (1, 2, 7, 50):
        assert made.apart(rows.take(range(count))) < 1e-5


def test_a_recurrent_model_answers_the_same() -> None:
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential([keras.Input((6, 3), name="series"), layers.LSTM(5), layers.Dense(2)])
    source = from_object(model)
    assert source is not None
    rows = Rows(tensors={"series": RANDOM.normal(size=(20, 6, 3))})
    made = converted(source, rows)
    assert made.apart(rows) < 1e-5
    assert made.apart(rows.take([3])) < 1e-5


def test_several_outputs_are_called_as_the_model_calls_them() -> None:
    given = keras.Input((4,), name="x")
    model = keras.Model(given, [keras.layers.Dense(2, name="left")(given), keras.layers.Dense(5, name="right")(given)])
    source = from_object(model)
    assert source is not None
    rows = Rows(tensors={"x": TABLE.to_numpy()})
    made = converted(source, rows)
    assert [(o.name, o.shape) for o in made.session.outputs] == [("left", (-1, 2)), ("right", (-1, 5))]
    assert made.prediction == Tensors()
    assert made.apart(rows) < 1e-5


def test_what_is_no_keras_model_is_left_to_others() -> None:
    assert from_object({"a": 1}) is None


# --- Files that are refused -----------------------------------------------------------------------------------


def test_a_damaged_file_is_refused(tmp_path: Path, two_inputs_file: Path) -> None:
    (tmp_path / "text.keras").write_text("hello " * 50)
    for file in (cut_short(two_inputs_file, tmp_path / "half.keras"), tmp_path / "text.keras"):
        with pytest.raises(SourceRefused) as refused:
            from_file(file)
        assert str(refused.value) == (
            f"{file}: cannot be opened as a Keras model: it is cut short, damaged or something else"
        )


def test_lambda_layers_are_not_run(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Lambda(lambda x: x + 1)])
    with pytest.raises(SourceRefused, match="holds a Lambda layer, which is code of one Python version"):
        from_file(saved_keras(model, tmp_path / "lambda.keras"))


def test_a_layer_class_that_is_not_there_is_refused(tmp_path: Path) -> None:
    class Own(keras.layers.Layer):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            return x + 1

    with keras.saving.custom_object_scope({"Own": Own}):
        file = saved_keras(keras.Sequential([keras.Input((4,)), Own()]), tmp_path / "own.keras")
    with pytest.raises(SourceRefused, match="needs a class of its own, which is not known here"):
        from_file(file)


def test_a_subclassed_model_does_not_say_its_inputs() -> None:
    class Own(keras.Model):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            return x + 1

    with pytest.raises(SourceRefused, match="Own does not say its inputs; save a functional model"):
        from_object(Own())


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"dtype": "string"}, "the model takes text as 'x', and PyTorch has none; encode it before the model"),
        ({"batch_size": 4}, "the model takes 4 rows only as 'x'; build it without batch_size"),
    ],
)
def test_an_input_that_cannot_be_served_is_refused(options: dict[str, Any], line: str) -> None:
    model = keras.Sequential([keras.Input((2,), name="x", **options), keras.layers.Flatten()])
    with pytest.raises(SourceRefused) as refused:
        from_object(model)
    assert str(refused.value) == line


def test_another_backend_is_refused(monkeypatch: pytest.MonkeyPatch, two_inputs_file: Path) -> None:
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(SourceRefused, match="Keras runs on jax in this process; set KERAS_BACKEND=torch"):
        from_file(two_inputs_file)


def test_arrays_with_other_names_are_refused(two_inputs_file: Path) -> None:
    with pytest.raises(SourceRefused, match=r"takes .*, and the data's arrays are x; name them alike"):
        from_file(two_inputs_file).layout((), Rows(tensors={"x": np.zeros((3, 4))}))


def test_numbers_too_large_for_an_input_are_refused(two_inputs_file: Path) -> None:
    rows = posts(3, 4)
    rows.tensors["ids"][0, 0] = 2**40
    with pytest.raises(SourceRefused, match="array 'ids' holds numbers that are too large for int32"):
        from_file(two_inputs_file).layout((), rows)
