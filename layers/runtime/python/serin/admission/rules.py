"""Everything that admission refuses: one row a rule, with what has been seen to happen without it.

docs/admission.md shows this table; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from serin.admission.allocation import large_constants, wrong_constants
from serin.admission.division import faulty_divisions
from serin.admission.graph import Model
from serin.admission.lengths import empty_frames, empty_sequences
from serin.admission.structure import (
    MOST_NODES,
    absent_locales,
    absent_outputs,
    excessive_nodes,
    external_data,
    foreign_operators,
    session_settings,
    training_graphs,
    unknown_versions,
)
from serin.admission.trees import DEEPEST_TREE, faulty_trees, unset_probabilities
from serin.manifest import Manifest


class Rule(msgspec.Struct, frozen=True):
    """What is refused, why, and what to do about it."""

    name: str
    refuses: str
    because: str
    remedy: str


Check = Callable[[Model, Manifest], Iterable[str]]

# --- The folder -----------------------------------------------------------------------------------------------

FOLDER: Final = Rule(
    "folder",
    "a manifest or a lock that cannot be read, that disagree, or whose digests are not those of the files",
    "what was checked and what is served could be two things",
    "mend the named key, or run `serin lock`",
)
FILES: Final = Rule(
    "files",
    "links, folders, devices and oversized files in the folder, and a folder that is a link",
    "a link reads whatever it leads to; a pipe is read for ever",
    "put plain files into a plain folder",
)
UNLISTED: Final = Rule(
    "unlisted",
    "a file that neither the manifest nor the lock names; README.md, CHANGELOG.md, LICENSE and model.sig may be there",
    "it would be in the image without having been checked, and ONNX Runtime reads external data from such files",
    "remove it, or run `serin lock` if it is golden.jsonl or baseline.json",
)
SIGNED: Final = Rule(
    "signed",
    "where a key is demanded: a folder without a signature by it in model.sig, and every file that is not as it was "
    "signed",
    "who can write to the folder could serve another model",
    "restore what was signed, or sign the folder with `serin sign` (docs/signing.md)",
)
FORMAT: Final = Rule(
    "format",
    "empty, cut, random, zipped or pickled bytes, fields that are written twice, graphs nested too deep",
    "two readers could see two models in one file; `.ort` bytes are opened even where `.onnx` is meant",
    "export the model again, in the format that the manifest names",
)

SIGNATURE: Final = Rule(
    "signature",
    "other inputs or outputs than the version before, under the same major version (below 1.0.0: the same minor one)",
    "clients of the old version would be refused, or misread",
    "raise the major version; if the version before was never deployed, delete model.lock.json and lock again",
)

# --- The graph ------------------------------------------------------------------------------------------------

VERSIONS: Final = Rule(
    "versions",
    "an IR version or a standard opset that ONNX Runtime does not read",
    "IR 10^9 and opset 10^6 are taken for damage or for an attack",
    "export the model for an opset that ONNX Runtime knows",
)
OUTPUTS: Final = Rule("outputs", "a graph without outputs", "it answers nothing", "export the model with its outputs")
TRAINING: Final = Rule(
    "training", "graphs for training", "they are dead weight, and nobody checks them", "export the model for inference"
)
NODES: Final = Rule(
    "nodes",
    f"functions that call themselves, or more than {MOST_NODES} nodes once each call is what the function is",
    "a file of 1.4 kB that comes to 10^6 nodes was still loading after 40 s",
    "export the model without nested functions",
)
OPERATORS: Final = Rule(
    "operators",
    "operators beyond ai.onnx and ai.onnx.ml as the CPU provider has them, and beyond what optimisation itself emits",
    "ONNX Runtime's other operators are less tested, and those of others are code that is not there",
    "convert it to standard operators, or name it in `artifact.operators` of model.yaml",
)
EXTERNAL_DATA: Final = Rule(
    "external-data",
    "every constant whose bytes are in another file",
    "by a hard link, a NUL in the name or a memory address it reads what is not the model's",
    "save the model as one file",
)
SETTINGS: Final = Rule(
    "settings",
    "metadata under the key `ort_config`",
    "ONNX Runtime may take session options from it",
    "remove the key",
)
CONSTANTS: Final = Rule(
    "constants",
    "constants whose data is not what their shape says",
    "memory is taken by the shape, and read from the data",
    "export the model again",
)
ALLOCATION: Final = Rule(
    "allocation",
    "constants that come to more bytes than the function has memory once they are computed",
    "ConstantOfShape of 10^9 took 4 GB at load",
    "give the function more memory in `serving.memory_mb`, or export the model without it",
)
TREES: Final = Rule(
    "trees",
    f"trees deeper than {DEEPEST_TREE} nodes, or that lead back to themselves",
    "a tree 15,000 deep ended the process with SIGSEGV at load",
    "train with a limit on depth",
)
PROBABILITIES: Final = Rule(
    "probabilities",
    "a TreeEnsembleClassifier with one base value for several classes, or with PROBIT and fewer than two",
    "some probabilities stay as the memory was: one request saw the result of another",
    "give it one base value a class",
)
DIVISION: Final = Rule(
    "division",
    "INT32 and INT64 divisions of what the graph computes, unless the divisor cannot be -1 or the dividend cannot be "
    "the lowest number; a model's inputs are guarded as requests come in",
    "the lowest number by -1 is SIGFPE, which ends the process",
    "divide by a constant, put a Max with 1 before the divisor, or divide as FLOAT",
)
FRAMES: Final = Rule(
    "frames",
    "an STFT of which neither the frame length nor the window is a constant",
    "a frame of no length is SIGFPE, which ends the process",
    "make the frame length a constant above 0",
)
SEQUENCES: Final = Rule(
    "sequences",
    "a GRU or an LSTM that reads what the graph has picked by value, and a GRU that reads what the graph has cut",
    "a GRU ends the process with SIGABRT when it is given an empty sequence, both do with an empty batch",
    "mask the steps instead of removing them, or pad the sequence",
)
LOCALES: Final = Rule(
    "locales",
    "a StringNormalizer with a locale other than C, POSIX or C.UTF-8; its default is en_US.UTF-8",
    "images have no other locale, so the model opens here and fails there",
    "set the attribute `locale` to `C.UTF-8`",
)

GRAPH_CHECKS: Final[tuple[tuple[Rule, Check], ...]] = (
    (VERSIONS, lambda model, _: unknown_versions(model)),
    (OUTPUTS, lambda model, _: absent_outputs(model)),
    (TRAINING, lambda model, _: training_graphs(model)),
    (OPERATORS, lambda model, manifest: foreign_operators(model, manifest.artifact.operators)),
    (EXTERNAL_DATA, lambda model, _: external_data(model)),
    (SETTINGS, lambda model, _: session_settings(model)),
    (CONSTANTS, lambda model, _: wrong_constants(model)),
    (ALLOCATION, lambda model, manifest: large_constants(model, manifest.serving.memory_mb * 2**20)),
    (TREES, lambda model, _: faulty_trees(model)),
    (PROBABILITIES, lambda model, _: unset_probabilities(model)),
    (FRAMES, lambda model, _: empty_frames(model)),
    (SEQUENCES, lambda model, _: empty_sequences(model)),
    (LOCALES, lambda model, _: absent_locales(model)),
    (NODES, lambda model, _: excessive_nodes(model)),
)
DIVISION_CHECK: Final[tuple[Rule, Check]] = (DIVISION, lambda model, _: faulty_divisions(model))
"""Follows every call of a function: for graphs that ``NODES`` has nothing against."""

# --- The first opening, in a process of its own ---------------------------------------------------------------

OPENING: Final = Rule(
    "opening",
    "a model that ONNX Runtime cannot open, or whose process dies",
    "it would be the first start of the function that dies",
    "export the model again, and look whether the exporter's library has a newer version",
)
MEMORY: Final = Rule(
    "memory",
    "a model that needs more than the function's memory to open and to answer its golden cases",
    "the function is ended without a word",
    "give the function more memory in `serving.memory_mb`",
)
TIME: Final = Rule(
    "time",
    "a model that does not open and answer its golden cases in time",
    "a start has ten seconds on Lambda",
    "make the model smaller, or allow more with `--seconds`",
)
GOLDEN: Final = Rule(
    "golden",
    "golden cases that the model does not answer as it did when it was locked, or no case and no answer to zeros",
    "it is another model, or does not do what it did",
    "mend golden.jsonl or the model, then run `serin lock`",
)
REPEATABLE: Final = Rule(
    "repeatable",
    "answers that depend on what the memory held before (MALLOC_PERTURB_ 1, 90 and 165), unless it draws at random",
    "what the memory held before is somebody else's",
    "report it to the operator's makers, and export the model without it",
)

RULES: Final = (
    FOLDER,
    FILES,
    SIGNED,
    UNLISTED,
    SIGNATURE,
    FORMAT,
    *(rule for rule, _ in GRAPH_CHECKS),
    DIVISION,
    OPENING,
    MEMORY,
    TIME,
    GOLDEN,
    REPEATABLE,
)
"""All of them, in the order in which they are applied."""
