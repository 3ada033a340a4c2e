"""The AWS emulator as a process of its own, with every lesson of ``local.launcher``, for the length of a block."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from local.containers import remove_containers
from local.errors import LocalError
from local.paths import REPOSITORY
from local.ports import LOOPBACK, free_ports, is_open, wait_until
from local.venvs import locked_python

LOCK: Final = Path(__file__).with_name("requirements.txt")
_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 20.0


@dataclass(frozen=True, kw_only=True)
class EmulatorSettings:
    """Where the emulator listens, whose account it plays, and which engine runs image functions.

    Without ``docker_host`` only zip functions run. With it the emulator listens on every interface, because a function
    in a container reaches it through the engine's ``gateway`` address, not through loopback.
    """

    port: int | None = None
    account: str = "000000000000"
    region: str = "us-east-1"
    docker_host: str | None = None
    gateway: str | None = None
    engine: str = "podman"


class Emulator:
    """Started by ``with``. At the end of the block its process, its functions' containers and its files are gone."""

    def __init__(self, settings: EmulatorSettings | None = None) -> None:
        self.settings = settings or EmulatorSettings()
        self.port: int = self.settings.port or free_ports(1)[0]
        self.url: str = f"http://{LOOPBACK}:{self.port}"
        self._name = f"serin-{os.getpid()}-{self.port}"
        self._folder = Path()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start and wait until it answers. Raises LocalError with the emulator's last line where it does not."""
        python = locked_python("ministack", LOCK)
        if is_open(self.port):
            message = f"emulator: port {self.port} is taken; stop what listens there or choose another"
            raise LocalError(message)
        self._folder = Path(tempfile.mkdtemp(prefix="serin-emulator-"))
        with self._log_file.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [str(python), "-m", "local.launcher"],
                cwd=REPOSITORY,
                env=self._process_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            wait_until(self._is_healthy, seconds=_START_SECONDS, what="the emulator answers")
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop everything that was started."""
        self._stop()

    @property
    def log(self) -> str:
        """What the emulator has written so far, for a test that failed."""
        return self._log_file.read_text(encoding="utf-8", errors="replace")

    def environment(self) -> dict[str, str]:
        """What an AWS client or the CDK needs to speak to the emulator and to nothing else."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": self.settings.region,
            "AWS_DEFAULT_REGION": self.settings.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "CDK_DEFAULT_ACCOUNT": self.settings.account,
            "CDK_DEFAULT_REGION": self.settings.region,
        }

    def api_url(self, api_id: str, stage: str) -> str:
        """The address of a REST API's stage, which AWS would serve at ``execute-api``."""
        return f"{self.url}/_aws/execute-api/{api_id}/{stage}"

    @property
    def container_label(self) -> str:
        """The label of its functions' containers, for the engine's filters."""
        return f"ministack.instance={self._name}:{self.port}"

    @property
    def _log_file(self) -> Path:
        return self._folder / "emulator.log"

    def _process_environment(self) -> dict[str, str]:
        """Only what the emulator reads. TMPDIR keeps the folders it leaves behind inside ours."""
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self._folder),
            "TMPDIR": str(self._folder),
            "PYTHONPATH": str(REPOSITORY),
            "PYTHONDONTWRITEBYTECODE": "1",
            "GATEWAY_PORT": str(self.port),
            "BIND_HOST": LOOPBACK,
            "MINISTACK_HOSTNAME": self._name,
            "MINISTACK_ACCOUNT_ID": self.settings.account,
            "MINISTACK_REGION": self.settings.region,
            "AWS_DEFAULT_REGION": self.settings.region,
        }
        if self.settings.docker_host:
            environment |= {"DOCKER_HOST": self.settings.docker_host, "BIND_HOST": "0.0.0.0"}  # noqa: S104 - see settings
        if self.settings.gateway:
            environment["LAMBDA_DOCKER_FLAGS"] = f"--add-host host.docker.internal:{self.settings.gateway}"
        return environment

    def _is_healthy(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            lines = self.log.strip().splitlines() or ["no line at all"]
            message = f"the emulator ended while starting; its last line: {lines[-1]}"
            raise LocalError(message)
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=2.0)
        try:
            connection.request("GET", "/_ministack/health")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _stop(self) -> None:
        if self._process is not None:
            _stop_group(self._process)
            self._process = None
        if self.settings.docker_host:
            remove_containers(self.settings.engine, self.settings.docker_host, self.container_label)
        shutil.rmtree(self._folder, ignore_errors=True)


def _stop_group(process: subprocess.Popen[bytes]) -> None:
    """End the process politely, then it and the functions' worker processes, which share its group, by force."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_STOP_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
