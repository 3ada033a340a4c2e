"""The verbs of a stage in an AWS account: ``python -m local.stage deploy dev``, as `make deploy STAGE=dev` calls it.

What can be known to be wrong beforehand is one line. From then on the terminal is the CDK's.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cli.stage import API_URL, api_url, stack_name
from infra.catalog import load_catalog
from infra.config import ConfigurationError, Stage, stage_named
from local.account import Account, account_of
from local.builder import builder, builder_environment
from local.cdk_cli import Cdk
from local.errors import LocalError
from local.paths import CACHE, REPOSITORY
from local.terminal import ended

APPROVALS: Final = ("never", "broadening", "any-change", "destructive")
_AT_ONCE: Final = "4"
"""Stacks of models that are deployed side by side, where nobody is asked in between."""


@dataclass(frozen=True)
class Order:
    """What a verb is to do: on which stage, and when the CDK asks before it acts."""

    stage: Stage
    approval: str

    @property
    def context(self) -> list[str]:
        """The CDK app's settings."""
        return ["--context", f"stage={self.stage.name}"]


def synth(order: Order) -> int:
    """Templates and assets into ``cdk.out``. Needs no account."""
    models = _models()
    code = _cdk().follow(["synth", "--quiet", *order.context])
    if not code:
        print(f"cdk.out holds stage {order.stage.name} with {len(models)} models")  # noqa: T201
    return code


def diff(order: Order) -> int:
    """What a deploy would change, compared by templates: nothing is written, a role that may read is enough."""
    _models()
    account = account_of(order.stage)
    return _cdk(account).follow(["diff", "--method", "template", *order.context])


def bootstrap(order: Order) -> int:
    """Make what the CDK needs in an account and region, once."""
    account = account_of(order.stage)
    # Away from the app: it is not synthesised for this.
    CACHE.mkdir(exist_ok=True)
    return _cdk(account, directory=CACHE).follow(["bootstrap", account.address])


def deploy(order: Order) -> int:
    """Everything of the stage, in order; ends with where it answers."""
    models = _models()
    account = account_of(order.stage)
    account.check_bootstrapped(order.stage)
    environment = builder_environment(builder(os.environ))
    written = CACHE / "outputs" / f"{order.stage.name}.json"
    written.parent.mkdir(parents=True, exist_ok=True)
    command = ["deploy", "--all", "--require-approval", order.approval, "--outputs-file", str(written)]
    if order.approval == "never":
        command += ["--concurrency", _AT_ONCE]
    code = _cdk(account, environment).follow([*command, *order.context])
    if not code:
        print(_announcement(order.stage, json.loads(written.read_text()), models))  # noqa: T201
        _name_leftovers(account, order.stage, models)
    return code


def destroy(order: Order) -> int:
    """Every stack of the stage, in the opposite order. The CDK asks first, unless approval is ``never``."""
    if order.stage.termination_protection:
        message = f"stage {order.stage.name!r} is protected; set its termination_protection to False in infra/config.py"
        raise LocalError(f"{message}, deploy that, and destroy then")
    models = _models()
    account = account_of(order.stage)
    if left := account.models_without_folder(order.stage, frozenset(models)):
        message = f"{left[0]} stands without a folder in models/, so the CDK would leave it"
        raise LocalError(f"{message}; deploy once more if it still serves, then {_removal(left[0])}")
    sure = ["--force"] if order.approval == "never" else []
    return _cdk(account).follow(["destroy", "--all", *sure, *order.context])


VERBS: Final[Mapping[str, Callable[[Order], int]]] = {
    verb.__name__: verb for verb in (synth, diff, bootstrap, deploy, destroy)
}


def _models() -> tuple[str, ...]:
    """Names of the models. Raises ModelFolderError, which the CDK would wrap into an error of its own."""
    return tuple(manifest.name for manifest in load_catalog(REPOSITORY / "models"))


def _cdk(account: Account | None = None, environment: Mapping[str, str] | None = None, **places: Path) -> Cdk:
    where = {} if account is None else {"AWS_REGION": account.region, "AWS_DEFAULT_REGION": account.region}
    return Cdk(home=CACHE / "cdk-home", environment={**where, **(environment or {})}, **places)


def _announcement(stage: Stage, outputs: Mapping[str, Mapping[str, str]], models: Sequence[str]) -> str:
    announced = outputs[stack_name(stage.name)][API_URL]
    lines = [
        "",
        f"Stage {stage.name} answers at {api_url(announced, os.environ.get('AWS_ENDPOINT_URL'))}",
        f"  .venv/bin/serin models --stage {stage.name}",
        f"  .venv/bin/serin predict {models[0]} --stage {stage.name} --input row.json",
    ]
    return "\n".join(lines)


def _name_leftovers(account: Account, stage: Stage, models: Sequence[str]) -> None:
    for name in account.models_without_folder(stage, frozenset(models)):
        print(f"{name} stands without a folder in models/; {_removal(name)}")  # noqa: T201


def _removal(stack: str) -> str:
    return f"`aws cloudformation delete-stack --stack-name {stack}` removes it"


def main(arguments: Sequence[str]) -> int:
    """One verb on one stage, ``[verb, stage, approval]``; the CDK's exit code, or 1 after one line."""
    verb, stage, approval = arguments
    return ended(lambda: VERBS[verb](_order(stage, approval)))


def _order(stage: str, approval: str) -> Order:
    if approval not in APPROVALS:
        message = f"APPROVAL={approval} is unknown; choose one of {', '.join(APPROVALS)}"
        raise ConfigurationError(message)
    return Order(stage_named(stage), approval)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
