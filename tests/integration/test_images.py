"""The functions' images, built from the locks on a base like AWS's, and run under the real interface emulator.

As on Lambda and tighter: read-only, not root, without a capability, with the memory of the manifest and its share of
a CPU. The base is Debian's Python 3.13 in the shape of AWS's (``local.base_image``), which is not AWS's own.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from local.errors import LocalError
from local.image import ImageProcess
from tests.gateway.invocation import LAMBDA_INIT_SECONDS, send, timing
from tests.golden_calls import GoldenCalls
from tests.infra.synthesis import copy_project
from tests.integration.engine import Engine
from tests.sample_models import NAMES, load_sample
from tests.signing_keys import Keys, make_keys
from tests.small_models.multiply import write_multiply

WARM_CALLS = 15
PACKAGES_MB = 45
"""What packages may weigh, bytecode included: a pull is part of a cold start."""
UNCHECKED_HASH = 1
"""Bytecode that Python takes without a look at its source (PEP 552)."""

LOOK = """
import json, pathlib
task = pathlib.Path("/var/task")
flags = {}
for source in task.rglob("*.py"):
    compiled = source.parent / "__pycache__" / f"{source.stem}.cpython-313.pyc"
    flags[str(source)] = int.from_bytes(compiled.read_bytes()[4:8], "little") if compiled.exists() else None
ours = [task / name for name in ("functions", "models", "serin")]
packages = [file for file in task.rglob("*") if not any(file.is_relative_to(folder) for folder in ours)]
status = dict(line.split(":\\t", 1) for line in open("/proc/1/status").read().splitlines() if ":\\t" in line)
print(json.dumps({
    "flags": flags,
    "packages": sum(file.lstat().st_size for file in packages),
    "user": int(status["Uid"].split()[0]),
    "capabilities": int(status["CapBnd"], 16),
    "models": sorted(str(file.relative_to(task / "models")) for file in task.glob("models/*/*")),
    "bundle": any(b"/var/task/serin/rest.py" in file.read_bytes() for file in task.glob("start.bundle")),
    "onnxruntime": sorted(file.name for file in task.glob("onnxruntime/**/*") if file.is_file()),
}))
"""
FILL = """
import errno
try:
    with open("/tmp/full", "wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
except OSError as error:
    assert error.errno == errno.ENOSPC, error
"""
ISSUER = """
import json, sys
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        keys = {"keys": [json.loads(sys.argv[1])], "jwks_uri": "http://127.0.0.1:9000/keys"}
        self.wfile.write(json.dumps(keys).encode())

HTTPServer(("127.0.0.1", 9000), Handler).serve_forever()
"""


@dataclass(frozen=True)
class Served(GoldenCalls):
    """One sample model and the container that serves it."""

    process: ImageProcess
    image: str


@pytest.fixture(scope="module", params=NAMES)
def served(engine: Engine, request: pytest.FixtureRequest) -> Iterator[Served]:
    sample = load_sample(request.param)
    image = engine.build("inference", model=sample.name)
    with engine.start(image, memory_mb=sample.model.manifest.serving.memory_mb) as process:
        yield Served(sample, partial(send, process), process, image)


def look(process: ImageProcess) -> dict[str, Any]:
    """What a program in the container sees."""
    found: dict[str, Any] = json.loads(process.execute("python3", "-c", LOOK))
    return found


# --- inference, once for each sample model ----------------------------------------------------------------------


def test_every_golden_case_is_answered_by_every_way_in(served: Served) -> None:
    cases, complete = served.sample.cases, served.sample.complete()
    assert served.sample.differences(served.predict(cases), cases) == []
    assert served.sample.differences(served.infer(complete), complete) == []
    assert served.sample.differences(served.infer_binary(cases), cases) == []


def test_start_and_warm_calls_keep_to_the_manifest_on_a_share_of_a_cpu(
    served: Served, record_property: Callable[[str, object], None]
) -> None:
    cases = itertools.cycle(served.sample.cases)
    measured = timing(served.process, lambda: served.predict((next(cases),)), WARM_CALLS)
    serving = served.sample.model.manifest.serving
    record_property("figure", f"image of {served.sample.name}, {serving.memory_mb} MB: {measured}")
    assert measured.init_seconds < LAMBDA_INIT_SECONDS
    assert measured.warm_ms < serving.latency_target_ms


def test_the_image_holds_one_model_runs_without_rights_and_its_bytecode_is_trusted(
    served: Served, record_property: Callable[[str, object], None]
) -> None:
    found = look(served.process)
    compiled = [f"{served.sample.name}/{file}" for file in ("model.lock.json", "model.msgpack", "model.ort")]
    assert (found["user"], found["capabilities"], found["models"]) == (993, 0, compiled)
    assert len(found["flags"]) > 50
    assert {file for file, flags in found["flags"].items() if flags != UNCHECKED_HASH} == set()
    assert found["bundle"], "what a start imports is in one file, with the places that it has here"
    record_property("figure", f"image of {served.sample.name}: packages {found['packages'] / 1e6:.1f} MB")
    assert found["packages"] / 1e6 < PACKAGES_MB


def test_of_onnx_runtime_the_image_holds_its_library_and_nothing_that_needs_numpy(served: Served) -> None:
    names = look(served.process)["onnxruntime"]
    assert {"LICENSE", "ThirdPartyNotices.txt"} <= set(names)
    libraries = [name for name in names if ".so" in name]
    assert [name.partition(".so")[0] for name in libraries] == ["libonnxruntime", "libonnxruntime_providers_shared"]
    absent = "import importlib.util; print(importlib.util.find_spec('numpy'))"
    assert served.process.execute("python3", "-c", absent).strip() == "None"


def test_a_full_temporary_folder_keeps_no_prediction_back(engine: Engine, served: Served) -> None:
    with engine.start(served.image, memory_mb=served.sample.model.manifest.serving.memory_mb, tmp_mb=1) as process:
        process.execute("python3", "-c", FILL)
        full = Served(served.sample, partial(send, process), process, served.image)
        assert served.sample.differences(full.predict(served.sample.cases), served.sample.cases) == []


# --- inference, where a signature is demanded -------------------------------------------------------------------


@dataclass(frozen=True)
class Signed:
    """A project with one model, which is signed, texts and all."""

    project: Path
    folder: Path
    keys: Keys


@pytest.fixture
def signed(tmp_path: Path) -> Signed:
    project, keys = copy_project(tmp_path / "project"), make_keys(tmp_path / "keys")
    folder = write_multiply(project / "models")
    (folder / "README.md").write_text("It multiplies.")
    keys.sign(folder)
    return Signed(project, folder, keys)


def test_a_signed_model_starts_where_its_key_is_demanded_and_where_another_is_it_does_not(
    engine: Engine, signed: Signed
) -> None:
    signer = signed.keys.signer
    image = engine.build("inference", model="multiply", signer=signer.text, project=signed.project)
    with engine.start(image, environment={"SERIN_SIGNER": signer.digest}) as process:
        assert send(process, "GET", "/v2/models/multiply/ready").status == 200
        found = look(process)
        assert found["models"] == [f"multiply/{file}" for file in ("model.lock.json", "model.msgpack", "model.ort")]
        absent = "import importlib.util; print(importlib.util.find_spec('cryptography'))"
        assert process.execute("python3", "-c", absent).strip() == "None"
    with engine.start(image, environment={"SERIN_SIGNER": "0" * 64}) as process:
        error = json.loads(process.invoke(b"{}").payload)
    assert f"signer: was built for the key {signer.digest[:16]}..., and the key 0000" in error["errorMessage"]


@pytest.mark.parametrize("name", ["README.md", "model.onnx", "model.sig"])
def test_a_model_that_was_changed_after_it_was_signed_is_not_built(engine: Engine, signed: Signed, name: str) -> None:
    with (signed.folder / name).open("ab") as file:
        file.write(b"\0")
    with pytest.raises(LocalError) as caught:
        engine.build("inference", model="multiply", signer=signed.keys.signer.text, project=signed.project)
    assert f"/sources/multiply/{name}: signed: " in "".join(caught.value.__notes__)


# --- the control plane and the authorizer -----------------------------------------------------------------------


def test_the_catalogue_starts_and_shows_its_documents(
    engine: Engine, record_property: Callable[[str, object], None]
) -> None:
    environment = {"SERIN_MODELS_PARAMETER_PATH": "/serin/test/models", "AWS_DEFAULT_REGION": "us-east-1"}
    with engine.start(engine.build("catalog"), environment=environment) as process:
        for path in ("/", "/docs", "/openapi.json", "/v2", "/v2/health/live"):
            assert send(process, "GET", path).status == 200, path
        documented = json.loads(send(process, "GET", "/openapi.json").body)["paths"]
        assert {f"/models/{name}/predict" for name in NAMES} <= documented.keys()
        record_property("figure", f"image of the catalogue, 1024 MB: init {process.init_seconds:.3f} s")
        assert process.init_seconds is not None
        assert process.init_seconds < LAMBDA_INIT_SECONDS
        found = look(process)
        assert found["user"] == 993
        assert {file for file, flags in found["flags"].items() if flags != UNCHECKED_HASH} == set()


def test_the_authorizer_lets_its_issuers_tokens_in_and_no_others(engine: Engine) -> None:
    """The issuer stands beside the function, in its container."""
    key, other = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
    issuer = "http://127.0.0.1:9000"
    public = json.dumps(json.loads(RSAAlgorithm.to_jwk(key.public_key())) | {"kid": "1", "alg": "RS256"})
    claims = {"iss": issuer, "aud": "callers", "sub": "someone", "exp": int(time.time()) + 600}
    environment = {"SERIN_JWT_ISSUER": issuer, "SERIN_JWT_AUDIENCE": "callers"}
    with engine.start(engine.build("authorizer"), memory_mb=512, environment=environment) as process:
        process.execute("python3", "-c", ISSUER, public, detached=True)

        def answer(signer: rsa.RSAPrivateKey) -> dict[str, Any]:
            token = jwt.encode(claims, signer, "RS256", headers={"kid": "1"})
            event = {"authorizationToken": f"Bearer {token}", "methodArn": "arn:aws:execute-api:r:0:api/dev/GET/v2"}
            found: dict[str, Any] = json.loads(process.invoke(json.dumps(event).encode()).payload)
            return found

        allowed = answer(key)
        assert allowed["principalId"] == "someone"
        assert allowed["policyDocument"]["Statement"][0]["Resource"] == "arn:aws:execute-api:r:0:api/dev/*"
        assert answer(other)["errorMessage"] == "Unauthorized"
        assert {file for file, flags in look(process)["flags"].items() if flags != UNCHECKED_HASH} == set()
