"""Finding and opening ONNX Runtime's library."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from serin.engine import RUNTIME_VERSION
from serin.engine.c_api import FUNCTIONS, Api
from serin.engine.library import API, find_library, open_library


def test_it_is_the_library_of_the_installed_package() -> None:
    assert importlib.metadata.version("onnxruntime") == RUNTIME_VERSION


def test_the_first_folder_that_has_it_is_taken(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name / "onnxruntime" / "capi").mkdir(parents=True)
    for name in ("b", "c"):
        file = tmp_path / name / "onnxruntime" / "capi" / "libonnxruntime.so.9.9.9"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    found = find_library(str(tmp_path / name) for name in ("none", "a", "b", "c"))
    assert found == str(tmp_path / "b" / "onnxruntime" / "capi" / "libonnxruntime.so.9.9.9")


def test_its_absence_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ImportError, match=r"^no onnxruntime/capi/libonnxruntime\.so\.\* on sys\.path; install .*$"):
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


IMPOSTOR = """
#include <stddef.h>
static const void *no_api(unsigned version) { return version > 23 ? NULL : (const void *)&no_api; }
static const char *version(void) { return "1.23.4"; }
static const struct { const void *get_api, *get_version; } base = { no_api, version };
const void *OrtGetApiBase(void) { return &base; }
"""


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_a_library_that_is_too_old_is_refused(tmp_path: Path) -> None:
    source, file = tmp_path / "old.c", tmp_path / "libonnxruntime.so.1.23.4"
    source.write_text(IMPOSTOR, encoding="utf-8")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", file, source], check=True)
    with pytest.raises(ImportError, match=r"is ONNX Runtime 1\.23\.4; version 1\.24 or later is needed$"):
        open_library(str(file))


def test_what_the_table_does_not_name_is_no_function() -> None:
    with pytest.raises(AttributeError, match=r"^ReleaseEverything$"):
        _ = API.ReleaseEverything


def test_no_two_functions_stand_in_one_place() -> None:
    assert len({function.position for function in FUNCTIONS.values()}) == len(FUNCTIONS)


def test_a_function_is_made_once() -> None:
    assert isinstance(API, Api)
    assert API.CreateStatus is API.CreateStatus


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
