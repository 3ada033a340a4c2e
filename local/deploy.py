"""``python -m local.deploy``: the whole app on this machine, until it is stopped."""

from __future__ import annotations

import re
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local.clients import client
from local.cloud import LocalCloud, Outputs
from local.errors import LocalError
from local.paths import REPOSITORY

_API: Final = re.compile(r"https://([a-z0-9]+)\.execute-api\.[^/]+/([^/]+)/?")


@dataclass(frozen=True, kw_only=True)
class LocalDeployment:
    """An app that answers on this machine: its cloud, its outputs, its API's address here and a key for it."""

    cloud: LocalCloud
    outputs: Outputs
    url: str
    api_key: str | None


@contextmanager
def deploy_local(
    directory: Path = REPOSITORY,
    stacks: Sequence[str] = ("--all",),
    *,
    options: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    base: str | None = None,
    port: int | None = None,
) -> Iterator[LocalDeployment]:
    """Deploy the app of ``directory`` onto an emulator of its own. Raises LocalError where a step fails."""
    with LocalCloud(base=base, port=port) as cloud:
        outputs = cloud.deploy(directory, stacks, options=options, environment=environment)
        url = local_api_url(cloud, outputs)
        yield LocalDeployment(cloud=cloud, outputs=outputs, url=url, api_key=first_api_key(cloud))


def local_api_url(cloud: LocalCloud, outputs: Outputs) -> str:
    """Where the one REST API among the outputs answers on this machine. LocalError where there is none, or several."""
    found = {match.groups() for stack in outputs.values() for value in stack.values() if (match := _API.match(value))}
    if len(found) != 1:
        message = f"stack outputs: {len(found)} addresses of a REST API, expected one"
        raise LocalError(message)
    return cloud.emulator.api_url(*found.pop())


def first_api_key(cloud: LocalCloud) -> str | None:
    """The value of the account's first API key; None where the app has none."""
    keys = client(cloud.emulator, "apigateway").get_api_keys(includeValues=True)["items"]
    return str(keys[0]["value"]) if keys else None


def main() -> int:
    """Deploy, say where it answers, and wait for an interrupt."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        with deploy_local() as deployment:
            lines = [f"URL      {deployment.url}", f"API key  {deployment.api_key or 'none'}", "Stop with Ctrl-C."]
            sys.stdout.write("\n".join(lines) + "\n")
            sys.stdout.flush()
            stop.wait()
    except LocalError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
