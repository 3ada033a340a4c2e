"""Admission: which models may be served. Everything that opens a model for the first time comes by here.

- ``files``, and the folder's own checks: what lies in the folder;
- ``wire``, ``onnx_format``, ``ort_format``, ``graph``: the model file, read without ONNX Runtime;
- ``rules``: the table of what is refused; how, in ``structure``, ``expansion``, ``allocation``, ``trees``, ``values``,
  ``division`` and ``lengths``;
- ``apart``: a process of its own, with limits; ``trial``, ``trial_process``: the first opening, in such a one;
- ``admit``: all of it in order.

`python -m serin.admission FOLDER [SIGNER]` admits one folder or exits with 1, for the build of an image.
"""

from serin.admission.admit import (
    admit,
    admit_unopened,
    inspect,
    refuse_artifact,
    refuse_unsafe_files,
    refuse_unsigned,
    verify,
)
from serin.admission.findings import Finding, NotAdmitted
from serin.admission.history import broken_signature, refuse_broken_signature
from serin.admission.trial import seconds_for

__all__ = [
    "Finding",
    "NotAdmitted",
    "admit",
    "admit_unopened",
    "broken_signature",
    "inspect",
    "refuse_artifact",
    "refuse_broken_signature",
    "refuse_unsafe_files",
    "refuse_unsigned",
    "seconds_for",
    "verify",
]
