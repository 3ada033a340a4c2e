"""The container engine: podman's service as a Docker-compatible socket, for the length of a block."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from local.commands import run
from local.errors import LocalError
from local.ports import wait_until

_START_SECONDS: Final = 20.0
_STOP_SECONDS: Final = 10.0

ENGINE_CONFIGURATION: Final = """\
[containers]
# An engine inside a container or a virtual machine may not raise its limits, so ask for modest ones.
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
log_driver = "k8s-file"

[engine]
events_logger = "file"
cgroup_manager = "cgroupfs"
"""
"""containers.conf(5) for an engine that root runs, on any machine."""


class PodmanService:
    """``podman system service`` on a private socket, for the length of a block."""

    def __init__(self) -> None:
        self._folder = Path()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start the service and wait until it listens. Raises LocalError where podman is missing or will not start."""
        podman = shutil.which("podman")
        if podman is None:
            message = "podman is not installed; image functions need it (Debian: apt install podman)"
            raise LocalError(message)
        self._folder = Path(tempfile.mkdtemp(prefix="serin-podman-"))
        (self._folder / "containers.conf").write_text(ENGINE_CONFIGURATION, encoding="utf-8")
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - the engine found on the path, fixed words
                [podman, "system", "service", "--time", "0", self.docker_host],
                env={**os.environ, **self.environment},
                # Where a container runs out of memory, its monitor leaves a file named "oom".
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # A Ctrl-C is for its owner, who still needs it to remove containers.
                start_new_session=True,
            )
        try:
            wait_until(self._is_listening, seconds=_START_SECONDS, what="podman's service listens")
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop the service. Containers are their owners' to remove."""
        self._stop()

    @property
    def docker_host(self) -> str:
        """The socket's address, as ``DOCKER_HOST`` wants it."""
        return f"unix://{self._folder / 'podman.sock'}"

    @property
    def environment(self) -> dict[str, str]:
        """What any podman command needs to run containers as the service does."""
        return {"CONTAINERS_CONF": str(self._folder / "containers.conf")}

    @property
    def gateway(self) -> str:
        """The address by which a container on the default network reaches this machine."""
        template = "{{(index .Subnets 0).Gateway}}"
        return run(["podman", "network", "inspect", "podman", "--format", template], what="podman: its network").strip()

    @property
    def _log(self) -> Path:
        return self._folder / "podman.log"

    def _is_listening(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines() or ["no line at all"]
            message = f"podman's service ended while starting; its last line: {lines[-1]}"
            raise LocalError(message)
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self._folder / "podman.sock")) == 0

    def _stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        shutil.rmtree(self._folder, ignore_errors=True)


def remove_containers(engine: str, docker_host: str, label: str) -> None:
    """Remove the containers with ``label``, running or not. Raises LocalError where the engine refuses."""
    remote = [engine, "--url", docker_host] if engine == "podman" else [engine, "--host", docker_host]
    listed = run([*remote, "ps", "--all", "--quiet", "--filter", f"label={label}"], what=f"{engine}: list containers")
    if listed.split():
        run([*remote, "rm", "--force", *listed.split()], what=f"{engine}: remove containers")
