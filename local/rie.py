"""A Lambda function under AWS's own runtime interface emulator: calls to one, and one without a container.

The emulator serves one invocation at a time and crashes on two at once, so calls wait for one another here.
It cuts a longer request silently, so a payload over Lambda's limit is refused before it is sent.
"""

from __future__ import annotations

import http.client
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from local.errors import InvocationTimedOut, LocalError
from local.ports import LOOPBACK, free_ports, is_open, wait_until
from local.rie_binary import rie_binary

PAYLOAD_LIMIT: Final = 6_291_556
_PATH: Final = "/2015-03-31/functions/function/invocations"
_INIT_REPORT: Final = re.compile(r"INIT REPORT\(durationMs: ([0-9.]+)\)")
_OWN_LINE: Final = re.compile(r"^(START|END|REPORT) RequestId: |\(rapid\) ")
_TIMED_OUT: Final = re.compile(rb"Task timed out after [0-9.]+ seconds")
_STOP_SECONDS: Final = 5.0


@dataclass(frozen=True, kw_only=True)
class RieSettings:
    """One function: ``handler`` as Lambda names it, run by ``python`` in ``directory``.

    The process sees ``environment`` and Lambda's own variables, and nothing else of the caller's environment.
    ``before_emulator`` and ``before_function`` are words that run the emulator, or the function alone, in their way:
    under a limit, say. They end with executing what follows them. ``program`` is what ``python`` runs.
    """

    handler: str
    directory: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    python: Path = Path(sys.executable)
    program: tuple[str, ...] = ("-m", "awslambdaric")
    function_name: str = "function"
    function_version: str = "$LATEST"
    memory_mb: int = 1024
    timeout_s: int = 30
    before_emulator: tuple[str, ...] = ()
    before_function: tuple[str, ...] = ()

    def process_environment(self) -> dict[str, str]:
        """What Lambda sets, then what the caller sets."""
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            "TZ": ":UTC",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_LAMBDA_FUNCTION_NAME": self.function_name,
            "AWS_LAMBDA_FUNCTION_VERSION": self.function_version,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.memory_mb),
            "AWS_LAMBDA_FUNCTION_TIMEOUT": str(self.timeout_s),
            "LAMBDA_TASK_ROOT": str(self.directory),
            **self.environment,
        }


@dataclass(frozen=True)
class Invocation:
    """What one call answered. ``status`` is the emulator's; a function's own error is 200 with an error object."""

    status: int
    payload: bytes
    lines: tuple[str, ...]
    """What the function wrote while it worked, without the emulator's own lines."""


class RieCalls:
    """Calls to an interface emulator that listens on ``port`` and whose output so far is ``lines()``.

    Safe to use from several threads: a call waits for those before it.
    """

    def __init__(self, what: str, port: int, timeout_s: int, lines: Callable[[], Sequence[str]]) -> None:
        self._what = what
        self._port = port
        self._timeout_s = timeout_s
        self._lines = lines
        self._turn = threading.Lock()

    @property
    def init_seconds(self) -> float | None:
        """The true time of the last start of the function, seconds; None before its first call."""
        found = _INIT_REPORT.findall("\n".join(self._lines()))
        return float(found[-1]) / 1000.0 if found else None

    def invoke(self, payload: bytes) -> Invocation:
        """One call, after those before it. Raises InvocationTimedOut, or LocalError on a payload over the limit."""
        if len(payload) > PAYLOAD_LIMIT:
            message = f"payload: {len(payload)} bytes, over Lambda's limit of {PAYLOAD_LIMIT}"
            raise LocalError(message)
        with self._turn:
            before = self._lines()
            status, answer = self._post(payload)
            ended = self._ended(before) + 1
            wait_until(
                lambda: self._ended(self._lines()) >= ended,
                seconds=5.0,
                what="runtime interface emulator reports a call",
            )
            lines = tuple(line for line in self._lines()[len(before) :] if not _OWN_LINE.search(line))
        if _TIMED_OUT.fullmatch(answer):
            message = f"{self._what}: no answer within {self._timeout_s} s"
            raise InvocationTimedOut(message)
        return Invocation(status, answer, lines)

    def _post(self, payload: bytes) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(LOOPBACK, self._port, timeout=self._timeout_s + 20)
        try:
            connection.request("POST", _PATH, payload, {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            message = f"runtime interface emulator: no answer ({error}); its last line: {last_line(self._lines())}"
            raise LocalError(message) from error
        finally:
            connection.close()

    @staticmethod
    def _ended(lines: Sequence[str]) -> int:
        """How many calls are over. A call whose function never started has no REPORT line, but an end of its own."""
        ends = ("REPORT RequestId: ", "Invoke DONE failed: ")
        return sum(any(end in line for end in ends) for line in lines)


def last_line(lines: Sequence[str]) -> str:
    """For a message: the last of ``lines``."""
    return lines[-1] if lines else "none"


class RieProcess:
    """The emulator with one function, from ``with`` to the end of its block. Safe to call from several threads."""

    def __init__(self, settings: RieSettings) -> None:
        self._settings = settings
        self._ports = free_ports(2)
        self._lines: list[str] = []
        self._calls = RieCalls(settings.handler, self._ports[0], settings.timeout_s, lambda: self.lines)
        self._process: subprocess.Popen[bytes] | None = None
        self._reader = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Self:
        """Start the emulator and wait until it listens. The function itself starts with its first call."""
        address, runtime = (f"{LOOPBACK}:{port}" for port in self._ports)
        command = [*self._settings.before_emulator, str(rie_binary())]
        command += ["--runtime-interface-emulator-address", address, "--runtime-api-address", runtime]
        command += [*self._settings.before_function, str(self._settings.python), *self._settings.program]
        command += [self._settings.handler]
        self._process = subprocess.Popen(  # noqa: S603 - a checked binary and the settings' own words
            command,
            cwd=self._settings.directory,
            env=self._settings.process_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._reader.start()
        try:
            wait_until(self._is_ready, seconds=10.0, what="runtime interface emulator listens")
        except BaseException:
            self._stop(self._process)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop the function and the emulator."""
        self._stop(self._running())

    @property
    def pid(self) -> int:
        """The process that was started: the emulator, or what runs it."""
        return self._running().pid

    @property
    def lines(self) -> tuple[str, ...]:
        """Every line so far, the function's and the emulator's."""
        return tuple(self._lines)

    @property
    def init_seconds(self) -> float | None:
        """The true time of the last start of the function, seconds; None before its first call."""
        return self._calls.init_seconds

    def invoke(self, payload: bytes) -> Invocation:
        """One call, after those before it. Raises InvocationTimedOut, or LocalError on a payload over the limit."""
        self._running()
        return self._calls.invoke(payload)

    def _read(self) -> None:
        """Collect lines until the process ends. Split on line feeds only: a log record may carry carriage returns."""
        stream = self._running().stdout
        for line in stream or ():
            self._lines.append(line.rstrip(b"\n").decode("utf-8", "replace"))

    def _is_ready(self) -> bool:
        if self._running().poll() is not None:
            message = f"runtime interface emulator: ended while starting; its last line: {last_line(self._lines)}"
            raise LocalError(message)
        return is_open(self._ports[0])

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            message = "runtime interface emulator: not started; use it in a with statement"
            raise LocalError(message)
        return self._process

    def _stop(self, process: subprocess.Popen[bytes]) -> None:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._reader.join(_STOP_SECONDS)
        if process.stdout is not None:
            process.stdout.close()
