"""CloudFormation custom resource: a deploy has published a version; a release of it begins, and the deploy goes on.

Source of the exchange: AWS CloudFormation template reference, "Custom resource request and response reference".
"""

from __future__ import annotations

import json
import logging
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from serin.release.controller import Controller, Request
from serin.release.items import read_settings
from serin.release.record import Release, Traffic

_LOG = logging.getLogger()


class NotReadyError(Exception):
    """The first version of a model is not admitted."""


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """``request``: what is to be released; None where the version is the one that was deployed before. ``failed``: the
    version whose deploy is taken back by it.

    ``is_first``: of a new function, whatever the records tell of one that was deleted. ``warm_instances``: of the
    alias, to begin with. ``was_warm``: the alias had some before.
    """

    request: Request | None
    failed: str | None
    is_first: bool
    warm_instances: int | None
    was_warm: bool

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> Deployment:
        """As CloudFormation sends it: every value is text."""
        wanted, before = event["ResourceProperties"], event.get("OldResourceProperties", {})
        warm, version_before = wanted.get("WarmInstances"), before.get("Version", wanted["Version"])
        request = Request(
            model=wanted["Model"],
            version=wanted["Version"],
            model_version=wanted["ModelVersion"],
            settings=read_settings(json.loads(wanted["Settings"])),
            cause=f"{event['StackId']} {event['RequestId']}",
            by="cloudformation",
            reason="deploy",
        )
        return cls(
            request=None if before.get("Version") == wanted["Version"] else request,
            # Lambda counts versions upwards: CloudFormation alone goes back to one.
            failed=version_before if int(version_before) > int(wanted["Version"]) else None,
            is_first=event["RequestType"] == "Create",
            warm_instances=None if warm is None else int(warm),
            was_warm="WarmInstances" in before,
        )


@dataclass(frozen=True, kw_only=True)
class Deployer:
    """``client`` is boto3's for Lambda; ``run`` starts the state machine, and again where it has been started."""

    controller: Controller
    client: Any
    function: str
    alias: str
    run: Callable[[Release], None]

    def __call__(self, deployment: Deployment) -> None:
        """Safe to run twice.

        Raises:
            NotReadyError: the first version of all does not answer as is due, or not within its limits.
        """
        if deployment.was_warm and deployment.warm_instances is None:
            # First, as a version with SnapStart takes no alias that has them.
            self.client.delete_provisioned_concurrency_config(FunctionName=self.function, Qualifier=self.alias)
        if deployment.request is not None and deployment.failed is not None:
            self._take_back(deployment.request, deployment.failed)
        elif deployment.request is not None:
            self._release(deployment.request, is_first=deployment.is_first)
        if deployment.warm_instances is not None:
            self._keep_warm(deployment.warm_instances)

    def _release(self, request: Request, *, is_first: bool) -> None:
        if is_first and self._serves(request.version):
            # There is nothing to compare the first version with, and nothing to go back to.
            admission = self.controller.senses.admission(request.version, request.settings)
            if admission.problems:
                raise NotReadyError("; ".join(admission.problems))
            self.controller.replace_at_once(request, admission)
            return
        self._start(request)

    def _take_back(self, request: Request, failed: str) -> None:
        """What served before ``failed`` serves again.

        That need not be ``request``'s version: one that was rolled back is not tried anew as a later deploy has failed.
        """
        last = self.controller.store.last(request.model)
        if last is None:
            return
        if last.cause == request.cause or (last.new, last.stable) == (failed, request.version):
            self._start(request)
        elif last.new == failed:
            self.controller.take_back(last, request)

    def _start(self, request: Request) -> None:
        release = self.controller.start(request)
        if release is not None and not release.status.is_final:
            self.run(release)

    def _serves(self, version: str) -> bool:
        return self.controller.alias.read() == Traffic(version=version)

    def _keep_warm(self, instances: int) -> None:
        """The first warm instances of the alias; how many there are later, its scaling says."""
        alias = {"FunctionName": self.function, "Qualifier": self.alias}
        try:
            self.client.get_provisioned_concurrency_config(**alias)
        except self.client.exceptions.ProvisionedConcurrencyConfigNotFoundException:
            self.client.put_provisioned_concurrency_config(**alias, ProvisionedConcurrentExecutions=instances)


def respond(event: Mapping[str, Any], log_stream: str, deploy: Callable[[Deployment], None]) -> None:
    """Do what ``event`` asks and answer at the address it gives; unanswered, CloudFormation waits for long."""
    try:
        # On deletion the alias goes with its function.
        if event["RequestType"] != "Delete":
            deploy(Deployment.from_event(event))
    except Exception as error:  # noqa: BLE001 - whatever it is, CloudFormation must hear of it
        _LOG.exception("no release was started")
        _answer(event, "FAILED", f"{error} (log stream {log_stream})")
    else:
        _answer(event, "SUCCESS", "")


def _answer(event: Mapping[str, Any], status: str, reason: str) -> None:
    body = {
        "Status": status,
        "Reason": reason[:1000],
        # The same for every version, so CloudFormation never takes an old one for a resource to delete.
        "PhysicalResourceId": event["LogicalResourceId"],
        **{key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")},
    }
    # The address is CloudFormation's own, presigned for this one answer.
    request = urllib.request.Request(event["ResponseURL"], json.dumps(body).encode(), method="PUT")  # noqa: S310
    urllib.request.urlopen(request, timeout=30).close()  # noqa: S310
