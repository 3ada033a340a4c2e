"""What a deploy does, over the world in memory; warm instances by boto3's Stubber, which checks each call."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from functions.release.deployment import Deployer, Deployment, NotReadyError
from serin.release.record import Status, Traffic
from tests.unit.runtime.release.world import MODEL, World

ALIAS = {"FunctionName": "f", "Qualifier": "live"}


@dataclass
class Deploys:
    """Deploys of versions, and the releases that have been started."""

    world: World = field(default_factory=World)
    runs: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        # Nothing is sent; a client only has to be signed for somewhere.
        session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name="eu-central-1")  # noqa: S106
        client = session.client("lambda")
        self.stubber = Stubber(client)
        self.stubber.activate()
        self._deployer = Deployer(
            controller=self.world.controller,
            client=client,
            function="f",
            alias="live",
            run=lambda release: self.runs.append(release.number),
        )

    def __call__(
        self, version: str | None, warm: int | None = None, *, was_warm: bool = False, failed: str | None = None
    ) -> None:
        request = None if version is None else self.world.request(version, f"deploy of {version} after {failed}")
        is_first = version == "1" and failed is None
        deployment = Deployment(
            request=request, failed=failed, is_first=is_first, warm_instances=warm, was_warm=was_warm
        )
        self._deployer(deployment)
        self.stubber.assert_no_pending_responses()


@pytest.fixture
def deploys() -> Deploys:
    return Deploys()


def test_the_first_version_is_live_after_its_golden_cases_and_nothing_runs(deploys: Deploys) -> None:
    deploys("1")
    assert deploys.world.senses.asked == ["1"]
    release = deploys.world.store.read(MODEL, 1)
    assert release.status is Status.PROMOTED
    assert release.admission is not None
    assert release.admission.memory_mb == 40.0
    assert deploys.runs == []


def test_a_first_version_that_answers_wrongly_fails_its_deploy(deploys: Deploys) -> None:
    deploys.world.senses.wrong["1"] = ("case 1: wrong", "too slow")
    with pytest.raises(NotReadyError, match=r"^case 1: wrong; too slow$"):
        deploys("1")
    assert deploys.world.store.items == {}


def test_a_model_that_was_deleted_and_comes_again_is_asked_for_its_golden_cases(deploys: Deploys) -> None:
    deploys.world.alias.set(Traffic(version="6"))
    deploys.world.start("7")
    deploys.world.look()
    deploys.world.alias.set(Traffic(version="1"))  # of a new function
    deploys("1")
    assert deploys.world.senses.asked == ["7", "1"]
    assert [deploys.world.store.read(MODEL, n).status for n in (1, 2)] == [Status.INTERRUPTED, Status.PROMOTED]
    assert deploys.world.alias.now == Traffic(version="1")


def test_a_first_deploy_that_is_run_twice_is_one_release(deploys: Deploys) -> None:
    deploys("1")
    deploys("1")
    assert len(deploys.world.store.items) == 1


def test_a_later_version_has_its_release_started_and_is_not_waited_for(deploys: Deploys) -> None:
    deploys("1")
    deploys("2")
    assert deploys.runs == [2]
    assert deploys.world.store.read(MODEL, 2).status is Status.ADMITTING


def test_a_deploy_that_is_run_twice_starts_one_release(deploys: Deploys) -> None:
    deploys("2")
    deploys("2")
    assert deploys.runs == [1, 1], "the second start of an execution changes nothing"
    assert len(deploys.world.store.items) == 1


def test_a_deploy_that_is_taken_back_during_its_release_leaves_what_served_before(deploys: Deploys) -> None:
    deploys("2")
    deploys.world.look()
    deploys("1", failed="2")
    assert [deploys.world.store.read(MODEL, 1).status, len(deploys.world.store.items)] == [Status.SUPERSEDED, 1]
    assert deploys.world.alias.now == Traffic(version="1")


def test_a_deploy_that_is_taken_back_after_its_release_is_followed_by_one_of_what_served_before(
    deploys: Deploys,
) -> None:
    deploys("2")
    deploys.world.run()
    for _ in range(2):
        deploys("1", failed="2")
    assert (deploys.runs, deploys.world.run(2).new) == ([1, 2, 2], "1")
    assert deploys.world.alias.now == Traffic(version="1")


def test_a_version_that_was_rolled_back_is_not_tried_anew_because_a_later_deploy_failed(deploys: Deploys) -> None:
    deploys.world.senses.wrong["2"] = ("case 1: wrong",)
    deploys("2")
    deploys.world.run()
    deploys("2", failed="3")  # which had not come to its release
    deploys("3")
    deploys.world.look(2)
    deploys("2", failed="3")
    assert [deploys.world.store.read(MODEL, n).status for n in (1, 2)] == [Status.REFUSED, Status.SUPERSEDED]
    assert (deploys.runs, deploys.world.alias.now) == ([1, 2], Traffic(version="1"))


def test_the_first_warm_instances_are_put_where_there_are_none(deploys: Deploys) -> None:
    missing = "ProvisionedConcurrencyConfigNotFoundException"
    deploys.stubber.add_client_error("get_provisioned_concurrency_config", missing, expected_params=ALIAS)
    wanted = {**ALIAS, "ProvisionedConcurrentExecutions": 3}
    deploys.stubber.add_response("put_provisioned_concurrency_config", {}, wanted)
    deploys(None, 3)


def test_warm_instances_that_are_there_stay_as_the_clock_left_them(deploys: Deploys) -> None:
    found: dict[str, Any] = {"RequestedProvisionedConcurrentExecutions": 10}
    deploys.stubber.add_response("get_provisioned_concurrency_config", found, ALIAS)
    deploys(None, 3)


def test_warm_instances_that_are_no_longer_wanted_end_before_a_release_begins(deploys: Deploys) -> None:
    deploys.stubber.add_response("delete_provisioned_concurrency_config", {}, ALIAS)
    deploys("2", was_warm=True)
    assert deploys.runs == [1]
