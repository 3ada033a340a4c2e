"""An image on the local base, under the limits of Lambda."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.base_image import base_image
from local.containers import PodmanService
from local.errors import LocalError
from local.image import ImageProcess, ImageSettings, build_image
from tests.integration.engine import need_images

SOURCE = """
import os, pathlib
def handler(event, context):
    print("called")
    if "touch" in event:
        pathlib.Path(event["touch"]).write_text("x")
    if "fill" in event:
        return len(bytearray(event["fill"] * 1024 * 1024))
    status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
    return {"user": os.getuid(), "capabilities": int(status["CapEff"], 16), "memory": context.memory_limit_in_mb}
"""
DOCKERFILE = """
ARG BASE_IMAGE
FROM ${BASE_IMAGE}
COPY index.py ${LAMBDA_TASK_ROOT}/
CMD ["index.handler"]
"""


@pytest.fixture(scope="module")
def podman() -> Iterator[PodmanService]:
    need_images()
    with PodmanService() as service:
        yield service


@pytest.fixture(scope="module")
def image(podman: PodmanService, tmp_path_factory: pytest.TempPathFactory) -> str:
    context = tmp_path_factory.mktemp("image")
    (context / "index.py").write_text(SOURCE)
    (context / "Dockerfile").write_text(DOCKERFILE)
    base = base_image(podman.environment)
    return build_image(
        context / "Dockerfile", context, name="localhost/serin-trial", base=base, environment=podman.environment
    )


@pytest.fixture
def running(podman: PodmanService, image: str) -> Iterator[ImageProcess]:
    with ImageProcess(ImageSettings(image=image, memory_mb=256), podman.environment) as process:
        yield process


def test_an_image_runs_with_no_rights_and_says_its_limits(running: ImageProcess) -> None:
    call = running.invoke(b"{}")
    assert json.loads(call.payload) == {"user": 993, "capabilities": 0, "memory": "256"}
    assert call.lines == ("called",)
    assert running.init_seconds is not None


def test_an_image_writes_nowhere_but_to_its_temporary_folder(running: ImageProcess) -> None:
    assert json.loads(running.invoke(b'{"touch": "/var/task/x"}').payload)["errorType"] == "OSError"
    assert "user" in json.loads(running.invoke(b'{"touch": "/tmp/x"}').payload)


def test_an_image_that_takes_too_much_memory_is_killed(running: ImageProcess) -> None:
    answer = json.loads(running.invoke(b'{"fill": 400}').payload)
    assert "signal: killed" in answer["errorMessage"]


def test_an_image_that_cannot_start_is_one_clear_line(podman: PodmanService, image: str) -> None:
    settings = ImageSettings(image=image, environment={"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1"})
    with pytest.raises(LocalError, match="ended while starting"), ImageProcess(settings, podman.environment):
        pytest.fail("the image started outside of its emulator and without a runtime interface")


def test_a_broken_dockerfile_is_one_clear_line(podman: PodmanService, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY missing /\n")
    with pytest.raises(LocalError, match=r"^image localhost/broken: build: .*missing"):
        build_image(
            tmp_path / "Dockerfile", tmp_path, name="localhost/broken", base="scratch", environment=podman.environment
        )
