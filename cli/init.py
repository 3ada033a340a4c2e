"""`serin init`: a model folder to be filled in by a person."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from cli.files import replace_text
from cli.outcome import CommandError, ExitCode
from serin.manifest import SCHEMA, Name
from serin.model_folder import MANIFEST_FILE

_TEMPLATE: Final = """\
# yaml-language-server: $schema=../../docs/model.schema.json
# Fill the blanks (keys without a value), put model.onnx beside this file, then: serin lock {name}
# Every key is explained in docs/manifest.md. What stands behind # is an example, or a choice.
schema: {schema}
name: {name} # the folder's name
version: 0.1.0 # raise the major number when clients have to change
title: # one line for people
description: >-
  What it answers, for whom, and what it must not be used for.

# The values of a request's row, in the order in which they are packed into the input. A model that takes images,
# texts of tokens or other tensors has no features: remove this section.
features:
  - name: # key of the value in a row, e.g. age
    type: float # float, int, bool or string
    # unit: years
    # description: what the value means
    # range: [0, 120] # refuses a wrong unit or a swapped column; null leaves a side open
    # categories: [red, green] # of a string
    # missing: reject # or allow (it goes into the model as NaN), or {{fill: 0}}
    example: # a typical value, for the docs and the curl line

# As the graph has them: `serin lock {name}` says what differs.
inputs:
  - name: # e.g. features
    datatype: FP32
    shape: [-1, 1] # rows, and the number of features

outputs:
  - name: # e.g. probabilities
    datatype: FP32
    shape: [-1, 2]
    # tolerance: {{absolute: 1.0e-5, relative: 1.0e-5}} # of golden cases

prediction:
  task: classification # or regression (value: NAME), or tensors (the outputs as they are)
  scores: # name of the output
  labels: # in the order of the scores, e.g. ["no", "yes"]
  # positive: "yes" # of two labels: the one that the threshold speaks of
  # threshold: 0.5

# Known rows with the answers that are due make golden.jsonl, one a line, as the predict route answers:
# {{"instance": {{"age": 53}}, "prediction": {{"label": "no", "probability": 1, "probabilities": {{"no": 1, ...}}}}}}

# serving:
#   memory_mb: 1024 # `serin bench {name}` tells the cheapest that is fast enough
#   timeout_seconds: 10
#   max_batch_rows: 1000
"""


def init_model(name: str, models: Path) -> Path:
    """Make the folder of a model with a ``model.yaml`` to fill in.

    Raises:
        CommandError: the name cannot be one, or the folder is there already.
        ModelFolderError: it cannot be written.
    """
    try:
        msgspec.convert(name, Name)
    except msgspec.ValidationError:
        message = f"{name!r} cannot be a model's name; it is lower-case words joined by hyphens, like credit-risk"
        raise CommandError(ExitCode.USAGE, message) from None
    folder = models / name
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise CommandError(ExitCode.REFUSED, f"{folder} is there already; choose another name, or edit it") from None
    except OSError as error:
        raise CommandError(ExitCode.REFUSED, f"{folder}: cannot be made ({error.strerror})") from None
    replace_text(folder / MANIFEST_FILE, _TEMPLATE.format(name=name, schema=SCHEMA))
    return folder
