"""A deploy onto this machine: an app on an emulator of its own, with where it answers and a key for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cli.stage import REST_API, api_url
from local.clients import client
from local.cloud import LocalCloud, Outputs
from local.errors import LocalError
from local.paths import REPOSITORY


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
    say: Callable[[str], None] = lambda _: None,
) -> Iterator[LocalDeployment]:
    """Deploy the app of ``directory`` onto an emulator of its own. Raises LocalError where a step fails."""
    with LocalCloud(base=base, port=port, say=say) as cloud:
        outputs = cloud.deploy(directory, stacks, options=options, environment=environment)
        url = local_api_url(cloud, outputs)
        yield LocalDeployment(cloud=cloud, outputs=outputs, url=url, api_key=first_api_key(cloud))


def local_api_url(cloud: LocalCloud, outputs: Outputs) -> str:
    """Where the one REST API among the outputs answers on this machine. LocalError where there is none, or several."""
    found = {value for stack in outputs.values() for value in stack.values() if REST_API.fullmatch(value)}
    if len(found) != 1:
        message = f"stack outputs: {len(found)} addresses of a REST API, expected one"
        raise LocalError(message)
    return api_url(found.pop(), cloud.emulator.url)


def first_api_key(cloud: LocalCloud) -> str | None:
    """The value of the account's first API key; None where the app has none."""
    keys = client(cloud.emulator, "apigateway").get_api_keys(includeValues=True)["items"]
    return str(keys[0]["value"]) if keys else None
