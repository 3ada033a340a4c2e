"""Finding and opening ONNX Runtime's library."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from serin.engine import RUNTIME_VERSION, library
from serin.engine.c_api import FUNCTIONS, Api
from serin.engine.library import API, find_library, open_library


def test_it_is_the_library_of_the_installed_package() -> None:
    assert importlib.metadata.version("onnxruntime") == RUNTIME_VERSION


def test_the_first_folder_that_has_it_is_taken(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name / "onnxruntime" / "capi").mkdir(parents=True)
    (tmp_path / "a" / "onnxruntime" / "capi" / "libonnxruntime_providers_shared.so").touch()
    for name in ("b", "c"):
        file = tmp_path / name / "onnxruntime" / "capi" / "libonnxruntime.so.9.9.9"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    found = find_library(str(tmp_path / name) for name in ("none", "a", "b", "c"))
    assert found == str(tmp_path / "b" / "onnxruntime" / "capi" / "libonnxruntime.so.9.9.9")


def test_it_has_another_name_on_macos(tmp_path: Path) -> None:
    file = tmp_path / "onnxruntime" / "capi" / "libonnxruntime.9.9.9.dylib"
    file.parent.mkdir(parents=True)
    file.touch()
    assert find_library([str(tmp_path)]) == str(file)


def test_its_absence_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ImportError, match=r"^no onnxruntime/capi/libonnxruntime\.\* on sys\.path; install .*$"):
        find_library([str(tmp_path)])


def test_a_file_that_is_no_library_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "libonnxruntime.so.1.2.3"
    file.write_bytes(b"no library")
    with pytest.raises(ImportError, match=r"cannot be opened as ONNX Runtime's library; install onnxruntime again$"):
        open_library(str(file))


def test_a_library_of_something_else_is_refused() -> None:
    with pytest.raises(ImportError, match="cannot be opened as ONNX Runtime's library"):
        open_library("libc.so.6")


def test_a_library_that_is_not_what_its_name_says_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "libonnxruntime.so.0.0.1"
    shutil.copy(find_library(sys.path), file)
    with pytest.raises(ImportError, match=f"says that it is ONNX Runtime {re.escape(RUNTIME_VERSION)}; install"):
        open_library(str(file))


def test_a_library_that_is_too_old_is_refused(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(library, "API_VERSION", 9_999)
    version = re.escape(RUNTIME_VERSION)
    with pytest.raises(ImportError, match=rf"is ONNX Runtime {version}; version 1\.9999 or later is needed$"):
        open_library(find_library(sys.path))
    assert capfd.readouterr() == ("", "")


def test_what_the_table_does_not_name_is_no_function() -> None:
    with pytest.raises(AttributeError, match=r"^ReleaseEverything$"):
        _ = API.ReleaseEverything


def test_no_two_functions_stand_in_one_place() -> None:
    assert len({function.position for function in FUNCTIONS.values()}) == len(FUNCTIONS)


EVERYTHING: Final = """
import os, sys, time
from serin.engine import EngineOptions, Session, optimize
from serin.engine.library import API
from serin.errors import DeadlineExceeded, ModelRejectedInput
from serin.protocol import Datatype
from serin.tensor import Tensor, pack
from tests.small_models.catalogue import GATHER, LOOP, PAIR, identity

def run(session, output, seconds=60.0, **inputs):
    return session.run(inputs, [output], time.monotonic() + seconds)[output].data

x = Tensor(Datatype.FP32, (1, 2), pack(Datatype.FP32, [1, 2]))
assert run(PAIR.session(), "sum", a=x, b=x) == pack(Datatype.FP32, [2, 4])
words = Tensor(Datatype.BYTES, (2,), [b"a\\0b", b"c"])
assert run(identity(Datatype.BYTES, rank=1).session(), "y", x=words) == words.data
with open(sys.argv[1], "wb") as file:
    file.write(optimize(PAIR.artifact))
assert run(Session.map(sys.argv[1], EngineOptions()), "difference", a=x, b=x) == bytes(8)
for refused, session, output, inputs in (
    (ModelRejectedInput, GATHER.session(), "value", {"index": Tensor(Datatype.INT64, (1,), pack(Datatype.INT64, [9]))}),
    (DeadlineExceeded, LOOP.session(), "total", {"trips": Tensor(Datatype.INT64, (), pack(Datatype.INT64, [2**62]))}),
):
    try:
        run(session, output, 0.05, **inputs)
    except refused:
        continue
    raise AssertionError(refused)
del session
print(*vars(API))
"""


def test_every_function_of_the_table_is_called_and_does_what_it_is_named_for(tmp_path: Path, repository: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-c", EVERYTHING, str(tmp_path / "model.ort")],
        cwd=repository,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert set(result.stdout.split()) == {"_table", *FUNCTIONS}


def test_a_function_is_made_once() -> None:
    assert isinstance(API, Api)
    assert API.ReleaseStatus is API.ReleaseStatus


def test_the_engine_brings_neither_numpy_nor_the_binding() -> None:
    code = "import sys, serin.engine; print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"numpy", "onnxruntime", "dataclasses"} & set(result.stdout.split()) <= {"dataclasses"}


def test_a_process_with_an_open_session_ends_quietly() -> None:
    code = """
import time
from tests.small_models.catalogue import PAIR
from serin.tensor import Tensor
from serin.protocol import Datatype
x = Tensor(Datatype.FP32, (1, 2), bytes(8))
session = PAIR.session()
session.run({"a": x, "b": x}, ["sum"], time.monotonic() + 60)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (result.stdout, result.stderr) == ("", "")
