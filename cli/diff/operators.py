"""What the graphs are made of."""

from __future__ import annotations

from collections import Counter

from serin.admission.admit import read_model
from serin.model_folder import ModelFolder, read_artifact


def operator_counts(folder: ModelFolder) -> dict[str, int]:
    """Nodes of the model by operator, by name; those in loops, branches and functions, too.

    Raises:
        ModelFolderError: the file is not the one that was admitted.
    """
    model = read_model(read_artifact(folder), folder.manifest.artifact.format)
    return dict(sorted(Counter(node.operator for node in model.nodes()).items()))
