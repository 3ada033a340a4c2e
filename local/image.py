"""A function's image, built by podman and run as Lambda runs it: read-only, not root, without capabilities, limited."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from local.commands import run
from local.errors import LocalError
from local.ports import is_open, wait_until
from local.rie import Invocation, RieCalls, last_line

MEGABYTES_PER_CPU: Final = 1769
"""Lambda gives a function one CPU for so much memory, and a share by the same measure."""

_DOCKER: Final = Path(__file__).with_name("cdk_docker.py")
_START_SECONDS: Final = 20.0


def build_image(
    dockerfile: Path,
    context: Path,
    *,
    name: str,
    base: str,
    environment: Mapping[str, str],
    options: tuple[str, ...] = (),
) -> str:
    """Build an image as a local deploy does, on ``base``; returns its name. Raises LocalError with the last line.

    ``environment`` is the podman service's; ``options`` are passed to the engine, as the CDK passes build arguments.
    """
    surroundings = {**os.environ, **environment, "SERIN_BASE_IMAGE": base}
    command: list[str | Path] = [
        sys.executable,
        _DOCKER,
        "build",
        "--tag",
        name,
        "--file",
        dockerfile,
        *options,
        context,
    ]
    run(command, what=f"image {name}: build", environment=surroundings)
    return name


@dataclass(frozen=True, kw_only=True)
class ImageSettings:
    """One image and the limits it runs under. Lambda's CPU share follows from ``memory_mb``.

    ``tmp_mb`` is the size of its temporary folder, which counts to its memory here, and does not on Lambda.
    """

    image: str
    environment: Mapping[str, str] = field(default_factory=dict)
    memory_mb: int = 1024
    tmp_mb: int = 512
    timeout_s: int = 30
    user: str = "993"

    def run_options(self) -> list[str]:
        """The engine's options for these limits."""
        variables = {
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.memory_mb),
            "AWS_LAMBDA_FUNCTION_TIMEOUT": str(self.timeout_s),
            **self.environment,
        }
        temporary = f"/tmp:size={self.tmp_mb}m"  # noqa: S108 - Lambda's
        options = ["--read-only", "--tmpfs", temporary, "--user", self.user, "--cap-drop", "ALL"]
        options += ["--security-opt", "no-new-privileges", "--memory", f"{self.memory_mb}m"]
        options += ["--memory-swap", f"{self.memory_mb}m", "--cpus", f"{self.memory_mb / MEGABYTES_PER_CPU:.2f}"]
        return options + [word for item in variables.items() for word in ("--env", "=".join(item))]


class ImageProcess:
    """The image under its own interface emulator, from ``with`` to the end of its block."""

    def __init__(self, settings: ImageSettings, environment: Mapping[str, str]) -> None:
        self._settings = settings
        self._environment = {**os.environ, **environment}
        self._name = f"serin-image-{uuid.uuid4().hex[:12]}"
        self._calls: RieCalls | None = None

    def __enter__(self) -> Self:
        """Start the container and wait until it listens. The function itself starts with its first call."""
        command = ["run", "--detach", "--name", self._name, "--publish", "127.0.0.1::8080"]
        try:
            self._podman(*command, *self._settings.run_options(), self._settings.image)
            port = self._published_port()
            wait_until(lambda: self._is_ready(port), seconds=_START_SECONDS, what=f"{self._settings.image} listens")
        except BaseException:
            self._remove()
            raise
        self._calls = RieCalls(self._settings.image, port, self._settings.timeout_s, lambda: self.lines)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Remove the container."""
        self._remove()

    @property
    def lines(self) -> tuple[str, ...]:
        """Every line so far, the function's and the emulator's."""
        command = ["podman", "logs", self._name]
        both = subprocess.run(  # noqa: S603 - fixed words and our own name; the two streams in the order written
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, env=self._environment
        )
        return tuple(both.stdout.decode("utf-8", "replace").split("\n")[:-1])

    @property
    def init_seconds(self) -> float | None:
        """The true time of the last start of the function, seconds; None before its first call."""
        return self._started().init_seconds

    @property
    def exit_code(self) -> int | None:
        """How the container ended, 137 where the kernel killed it for its memory; None while it runs."""
        running, code = self._podman(
            "inspect", "--format", "{{.State.Running}} {{.State.ExitCode}}", self._name
        ).split()
        return None if running == "true" else int(code)

    def invoke(self, payload: bytes) -> Invocation:
        """One call, after those before it. Raises InvocationTimedOut, or LocalError on a payload over the limit."""
        return self._started().invoke(payload)

    def execute(self, *command: str, detached: bool = False) -> str:
        """What a program in the running container writes; ``detached``, it goes on beside the function.

        Raises LocalError where it fails.
        """
        return self._podman("exec", *(["--detach"] if detached else []), self._name, *command)

    def _started(self) -> RieCalls:
        if self._calls is None:
            message = f"{self._settings.image}: not started; use it in a with statement"
            raise LocalError(message)
        return self._calls

    def _published_port(self) -> int:
        published = self._podman("port", self._name, "8080").strip()
        if not published:
            raise self._ended()
        return int(published.rpartition(":")[2])

    def _is_ready(self, port: int) -> bool:
        if self.exit_code is not None:
            raise self._ended()
        return is_open(port)

    def _ended(self) -> LocalError:
        return LocalError(f"{self._settings.image}: ended while starting; its last line: {last_line(self.lines)}")

    def _podman(self, *words: str) -> str:
        # Where a container runs out of memory, its monitor leaves a file named "oom".
        elsewhere = Path(tempfile.gettempdir())
        return run(["podman", *words], what=f"podman {words[0]}", environment=self._environment, directory=elsewhere)

    def _remove(self) -> None:
        self._podman("rm", "--force", "--ignore", "--time", "0", self._name)
