"""Podman's service for the length of a block."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest

from local.commands import run
from local.containers import PodmanService, remove_containers
from local.errors import LocalError


def test_a_machine_without_podman_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LocalError, match="podman is not installed"), PodmanService():
        pytest.fail("podman started from an empty path")


def test_a_service_that_ends_while_starting_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "podman"
    program.write_text("#!/bin/sh\necho 'no storage here' >&2\nexit 125\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(LocalError, match=r"ended while starting; its last line: no storage here"), PodmanService():
        pytest.fail("the service started")


def test_the_socket_is_there_in_the_block_and_its_folder_is_gone_after_it() -> None:
    if shutil.which("podman") is None and not os.environ.get("CI"):
        pytest.skip("needs podman")
    with PodmanService() as podman:
        socket = Path(podman.docker_host.removeprefix("unix://"))
        assert stat.S_ISSOCK(socket.stat().st_mode)
        version = run(["podman", "--url", podman.docker_host, "version", "--format", "{{.Server.Version}}"], what="ask")
        assert version.strip()
        remove_containers("podman", podman.docker_host, "serin.no.such.label=1")
    assert not socket.parent.exists()
