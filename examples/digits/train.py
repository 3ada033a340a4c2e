"""Train ``models/digits``: which digit is on an 8 x 8 image, by a convolutional network of one layer.

The filters are learned without labels, as in Coates, Ng and Lee, "An analysis of single-layer networks in
unsupervised feature learning" (AISTATS 2011): whitening principal components of image patches, rectified in both
polarities and pooled over quadrants, with a linear read-out. Data: Optical Recognition of Handwritten Digits, as
it ships inside scikit-learn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import onnx
import pandas as pd
from onnx import TensorProto, helper, numpy_helper
from scipy.signal import correlate
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import train_test_split

from examples import packaging
from examples.packaging import Floats, Instance, Prediction, Training
from serin.baseline import BASELINE_SCHEMA, Baseline
from serin.manifest import Manifest

LABELS: Final = tuple("0123456789")
PIXELS: Final = 8
WHITE: Final = 16
"""Largest pixel value: how many of the 4 x 4 dots of the scan that a pixel stands for are inked."""
PATCH: Final = 5
FILTERS: Final = 16
QUADRANT: Final = 4
"""Side of the window that is pooled, in pixels."""
WHITENING: Final = 0.01
"""Added to each component's variance, so that faint components are not blown up to noise."""
FILTER_DECIMALS: Final = 3
WEIGHT_DECIMALS: Final = 4


@dataclass(frozen=True)
class Network:
    """``filters`` [32, 5, 5] and ``offsets`` [32] over pixels in 0 to 1; ``weights`` [128, 10], ``biases`` [10]."""

    filters: Floats
    offsets: Floats
    weights: Floats
    biases: Floats

    def probabilities(self, images: Floats) -> Floats:
        """Probability of each digit, [images, 10], in double precision."""
        scores = pooled_features(images, self.filters, self.offsets) @ self.weights + self.biases
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares: Floats = powers / powers.sum(axis=1, keepdims=True)
        return shares


def train(_manifest: Manifest) -> Training:
    """Train on three quarters, measure on the rest; the model that was measured is the one that is served."""
    data = load_digits()
    train_x, test_x, train_y, test_y = train_test_split(
        data.images, data.target, test_size=0.25, stratify=data.target, random_state=0
    )
    network = fit(train_x, train_y)
    probabilities = network.probabilities(test_x)
    labels = [LABELS[i] for i in probabilities.argmax(axis=1)]
    golden = np.concatenate([two_of_each(test_x, test_y), edge_images()])
    return Training(
        model=export(network),
        data=pd.DataFrame(data.data.astype(int)).assign(digit=data.target),
        metrics={
            "accuracy": accuracy_score(test_y, probabilities.argmax(axis=1)),
            "log_loss": log_loss(test_y, probabilities),
        },
        golden=zip(instances(golden), predict(network, golden), strict=True),
        baseline=Baseline(schema=BASELINE_SCHEMA, prediction=packaging.category_bins(LABELS, labels)),
        tools=("scikit-learn", "onnx"),
    )


def fit(images: Floats, digits: Floats) -> Network:
    """Filters without the labels, then the read-out with them."""
    filters, offsets = learn_filters(images)
    readout = LogisticRegression(solver="newton-cholesky", tol=1e-10)
    readout.fit(pooled_features(images, filters, offsets), digits)
    packaging.round_learned(readout, ["coef_", "intercept_"], WEIGHT_DECIMALS)
    return Network(filters, offsets, readout.coef_.T, readout.intercept_)


def learn_filters(images: Floats) -> tuple[Floats, Floats]:
    """Whitening principal components of all patches, [32, 5, 5], and what centres their answers, [32].

    A component's sign is free: the largest of its weights is made positive. Each stands twice, once in either
    polarity, as a rectified answer keeps only one.
    """
    padded = np.pad(images / WHITE, ((0, 0), (PATCH // 2, PATCH // 2), (PATCH // 2, PATCH // 2)))
    patches = np.lib.stride_tricks.sliding_window_view(padded, (PATCH, PATCH), axis=(1, 2)).reshape(-1, PATCH**2)
    variances, components = np.linalg.eigh(np.cov(patches, rowvar=False))
    variances, components = variances[::-1][:FILTERS], components[:, ::-1][:, :FILTERS]
    largest = np.abs(components).argmax(axis=0)
    components = components * np.sign(components[largest, np.arange(FILTERS)])
    whitening = (components / np.sqrt(variances + WHITENING)).T
    filters = np.round(np.concatenate([whitening, -whitening]), FILTER_DECIMALS)
    offsets = np.round(-filters @ patches.mean(axis=0), FILTER_DECIMALS)
    return filters.reshape(-1, PATCH, PATCH), offsets


def pooled_features(images: Floats, filters: Floats, offsets: Floats) -> Floats:
    """Rectified answers of every filter, averaged over quadrants: [images, 32 * 2 * 2]."""
    answers = np.stack(
        [correlate(images / WHITE, one[np.newaxis], mode="same", method="direct") for one in filters], axis=1
    )
    rectified = np.maximum(answers + offsets[:, np.newaxis, np.newaxis], 0.0)
    side = PIXELS // QUADRANT
    windows = rectified.reshape(len(images), len(filters), side, QUADRANT, side, QUADRANT)
    features: Floats = windows.mean(axis=(3, 5)).reshape(len(images), -1)
    return features


def export(network: Network) -> onnx.ModelProto:
    """The network as a graph: [-1, 8, 8] pixels of 0 to 16 in, [-1, 10] probabilities out."""
    window = [QUADRANT, QUADRANT]
    nodes = [
        helper.make_node("Mul", ["image", "scale"], ["scaled"], "scale"),
        helper.make_node("Unsqueeze", ["scaled", "channel_axis"], ["channel"], "channel"),
        helper.make_node("Conv", ["channel", "filters", "offsets"], ["answers"], "filter", pads=[PATCH // 2] * 4),
        helper.make_node("Relu", ["answers"], ["rectified"], "rectify"),
        helper.make_node("AveragePool", ["rectified"], ["pooled"], "pool", kernel_shape=window, strides=window),
        helper.make_node("Flatten", ["pooled"], ["features"], "flatten"),
        helper.make_node("Gemm", ["features", "weights", "biases"], ["scores"], "read_out"),
        helper.make_node("Softmax", ["scores"], ["probabilities"], "softmax", axis=1),
    ]
    weights = {
        "scale": np.float32(1 / WHITE),
        "channel_axis": np.array([1], dtype=np.int64),
        "filters": network.filters[:, np.newaxis].astype(np.float32),
        "offsets": network.offsets.astype(np.float32),
        "weights": network.weights.astype(np.float32),
        "biases": network.biases.astype(np.float32),
    }
    graph = helper.make_graph(
        nodes,
        "digits",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", PIXELS, PIXELS])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", len(LABELS)])],
        [numpy_helper.from_array(np.asarray(values), name) for name, values in weights.items()],
    )
    opset = helper.make_opsetid("", packaging.OPSETS[""])
    return helper.make_model(graph, opset_imports=[opset], ir_version=packaging.IR_VERSION, producer_name="serin")


def two_of_each(images: Floats, digits: Floats) -> Floats:
    """The first two images of every digit."""
    return np.concatenate([images[digits == digit][:2] for digit in range(len(LABELS))])


def edge_images() -> Floats:
    """Blank, all ink, a chequered board and a fade from blank to ink."""
    row, column = np.indices((PIXELS, PIXELS))
    return np.stack([0 * row, 0 * row + WHITE, (row + column) % 2 * WHITE, row * WHITE / (PIXELS - 1)]).round(2)


def instances(images: Floats) -> list[Instance]:
    """Images as predict requests carry them."""
    return [{"image": image.tolist()} for image in images]


def predict(network: Network, images: Floats) -> list[Prediction]:
    """The network's own predictions, in double precision."""
    return [
        packaging.class_prediction(LABELS, row, LABELS[int(np.argmax(row))]) for row in network.probabilities(images)
    ]


if __name__ == "__main__":
    packaging.main(__file__, train)
