"""An AWS account on this machine, bootstrapped for the CDK, its image functions in containers."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from local.base_image import base_image
from local.cdk_cli import Cdk
from local.containers import PodmanService
from local.emulator import Emulator, EmulatorSettings
from local.paths import REPOSITORY

_DOCKER: Final = Path(__file__).with_name("cdk_docker.py")

Outputs = Mapping[str, Mapping[str, str]]
"""Stack name -> output name -> value, as the CDK writes them."""


class LocalCloud:
    """Started by ``with``: podman's service, the base image, the emulator, and ``cdk bootstrap``.

    ``base`` names another base image for the functions, AWS's own for instance where it can be pulled; ``say`` is told
    what happens.
    """

    def __init__(
        self, *, base: str | None = None, port: int | None = None, say: Callable[[str], None] = lambda _: None
    ) -> None:
        self._base = base
        self._port = port
        self._say = say
        self._stack = ExitStack()
        self._home = Path()
        self._surroundings: dict[str, str] = {}
        self._podman: PodmanService
        self.emulator: Emulator

    def __enter__(self) -> Self:
        """Start everything, in order. Raises LocalError; what was started by then is stopped again."""
        with ExitStack() as stack:
            podman = self._podman = stack.enter_context(PodmanService())
            self._say(f"base image: {self._base or 'Debian, made here'}")
            base = self._base or base_image(podman.environment)
            settings = EmulatorSettings(port=self._port, docker_host=podman.docker_host, gateway=podman.gateway)
            self._say("emulator: start, bootstrap")
            self.emulator = stack.enter_context(Emulator(settings))
            self._home = Path(tempfile.mkdtemp(prefix="serin-cdk-"))
            stack.callback(shutil.rmtree, self._home, ignore_errors=True)
            own = {"CDK_DOCKER": str(_DOCKER), "SERIN_ENGINE": settings.engine, "SERIN_BASE_IMAGE": base}
            self._surroundings = {**self.emulator.environment(), **podman.environment, **own}
            # Away from any app, so that none is synthesised for it.
            bootstrap = Cdk(home=self._home, directory=self._home, environment=self._surroundings)
            bootstrap.run(["bootstrap", f"aws://{settings.account}/{settings.region}"])
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop everything, in the opposite order. Built images stay as the engine's cache."""
        self._stack.close()

    @property
    def assembly(self) -> Path:
        """What the last deploy synthesised."""
        return self._home / "cdk.out"

    @property
    def engine_environment(self) -> Mapping[str, str]:
        """What a command of the container engine needs, to see the images as the deploy does."""
        return self._podman.environment

    def deploy(
        self,
        directory: Path = REPOSITORY,
        stacks: Sequence[str] = ("--all",),
        *,
        options: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> Outputs:
        """Deploy an app's stacks and return their outputs. Raises LocalError with the CDK's last line."""
        self._say("stacks: build the images, deploy")
        written = self._home / "outputs.json"
        command = ["deploy", *stacks, "--require-approval", "never", "--outputs-file", str(written)]
        self._cdk(directory, environment).run([*command, *self._synthesis(), *options])
        outputs: Outputs = json.loads(written.read_text(encoding="utf-8"))
        return outputs

    def destroy(
        self,
        directory: Path = REPOSITORY,
        stacks: Sequence[str] = ("--all",),
        *,
        options: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Destroy an app's stacks. Raises LocalError with the CDK's last line."""
        self._cdk(directory, environment).run(["destroy", *stacks, "--force", *self._synthesis(), *options])

    def _cdk(self, directory: Path, environment: Mapping[str, str] | None) -> Cdk:
        return Cdk(home=self._home, directory=directory, environment={**self._surroundings, **(environment or {})})

    def _synthesis(self) -> list[str]:
        """Keep what is synthesised out of the app's folder."""
        return ["--output", str(self.assembly)]
