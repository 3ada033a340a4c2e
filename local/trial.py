"""A stage on this machine until Ctrl-C: ``python -m local.trial dev``, as `make deploy-local` calls it.

The same app as a deploy to AWS, on an emulator that lives as long as this process, called as a client calls it.
"""

from __future__ import annotations

import shlex
import signal
import sys
from collections.abc import Sequence
from types import FrameType

import msgspec

from cli.credentials import given
from cli.endpoint import Endpoint
from cli.outcome import one_line
from cli.predict import answered
from infra.catalog import load_catalog
from infra.config import Stage, stage_named
from local.base_image import can_build
from local.deploy import LocalDeployment, deploy_local
from local.emulator import EmulatorSettings
from local.paths import REPOSITORY
from local.terminal import ended, say
from serin.manifest import Manifest
from serin.openapi import curl_line
from serin.openapi.examples import example_request


def serve(stage: Stage) -> int:
    """Deploy ``stage``, predict once, say how to go on, and wait for the end.

    Raises:
        SerinError: a model folder, a tool or a step of the deploy.
        CommandError: the API does not answer.
    """
    manifests = load_catalog(REPOSITORY / "models")
    # AWS's own base where none can be made here.
    base = None if can_build() else stage.base_image
    with deploy_local(options=_context(stage), base=base, say=say) as deployment:
        say(f"first prediction: {manifests[0].name}")
        print(welcome(deployment, stage, manifests, first_prediction(deployment, manifests[0])), flush=True)  # noqa: T201
        signal.pause()
    return 0


def _context(stage: Stage) -> list[str]:
    """The app's settings: the emulator's account in place of the one that the stage may name."""
    settings = {"stage": stage.name}
    if stage.account is not None:
        here = EmulatorSettings()
        settings |= {"account": here.account, "region": here.region}
    return [word for item in settings.items() for word in ("--context", "=".join(item))]


def first_prediction(deployment: LocalDeployment, manifest: Manifest) -> str:
    """What the model answers to its own example, through the API, in one line.

    Raises:
        CommandError: the API does not answer, or refuses.
    """
    endpoint = Endpoint.at(deployment.url, given(deployment.api_key, None))
    body = msgspec.json.encode(example_request(manifest))
    return answered(endpoint.post(f"/models/{manifest.name}/predict", body))[0]


def welcome(deployment: LocalDeployment, stage: Stage, manifests: Sequence[Manifest], prediction: str) -> str:
    """What the terminal shows once it answers: every line below a model's name can be pasted into a shell."""
    url, key = deployment.url, deployment.api_key
    header = f" -H {shlex.quote(f'x-api-key: {key}')}" if key else ""
    lines = [f"Stage {stage.name} answers at {url}", f"  API key  {key or 'none'}", ""]
    lines += [f"{manifests[0].name} predicts {prediction}", ""]
    for manifest in manifests:
        lines += [one_line(f"{manifest.name} {manifest.version} {manifest.title}")]
        lines += [curl_line(url, manifest) + header, ""]
    surroundings = deployment.cloud.emulator.environment()
    variables = " ".join(f"{name}={value}" for name, value in surroundings.items() if name.startswith("AWS_"))
    lines += ["In another shell, these make AWS's tools and `serin models --stage` speak to it:", f"export {variables}"]
    return "\n".join([*lines, "", "Ctrl-C stops it and removes what it made."])


def _end(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main(arguments: Sequence[str]) -> int:
    """``[stage]``; 0 after Ctrl-C, 1 after one line that says what is wrong."""
    signal.signal(signal.SIGTERM, _end)
    try:
        return ended(lambda: serve(stage_named(*arguments)))
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
