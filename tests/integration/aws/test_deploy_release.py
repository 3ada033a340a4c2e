"""What a change does, and the end of it all.

Alias weights, metrics by version and alarms on their dimensions are lessons of the emulator (``local.launcher``).
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from scipy.stats import binom

from cli.outcome import ExitCode
from local.commands import run
from local.errors import LocalError
from tests.golden_calls import predict_body
from tests.integration.aws.deployed import CHANGED, Deployed, Traffic, header
from tests.integration.aws.project import Project
from tests.sample_models import NAMES, load_sample

STACK: Final = (f"Serin-dev-Model-{CHANGED}",)
PATH: Final = f"/models/{CHANGED}/predict"


@pytest.fixture(scope="module", autouse=True)
def unlimited(deployed: Deployed) -> None:
    """Clients may call as fast as they are answered."""
    deployed.limit(rate=1000, burst=1000)


@pytest.fixture(scope="module")
def rows() -> list[bytes]:
    """Good requests of one row each, which fall into all bins of the baseline."""
    return [predict_body((case,)) for case in load_sample(CHANGED).cases]


def deploy(deployed: Deployed, project: Project) -> None:
    deployed.deployment.cloud.deploy(project.root, STACK, options=project.options)


def watched_shares(deployed: Deployed, traffic: Traffic) -> dict[float, tuple[int, int]]:
    """Until release 2 has ended: by weight of the alias, how many answers came from 1.1.0, and how many in all."""
    spans: dict[float, tuple[float, float]] = {}
    while True:
        before = time.monotonic()
        _, weights = deployed.alias(CHANGED)
        weight = sum(weights.values())
        spans[weight] = (spans.get(weight, (before, 0.0))[0], before)
        if deployed.command(CHANGED, "status")["status"] == "promoted":
            break
        time.sleep(0.5)  # each look at the record is an invocation beside the traffic
    found = {weight: traffic.between(since + 0.3, until) for weight, (since, until) in spans.items() if weight}
    return {
        weight: (sum(header(answer, "X-Model-Version") == "1.1.0" for answer in answers), len(answers))
        for weight, answers in found.items()
    }


def test_a_new_version_takes_over_step_by_step_after_its_deploy_without_a_failed_request(
    deployed: Deployed, project: Project, rows: list[bytes]
) -> None:
    images, changes = {name: deployed.image(name) for name in NAMES}, deployed.changes()
    project.hasten(CHANGED)
    project.release(CHANGED, "1.1.0")
    with deployed.traffic(PATH, rows) as traffic:
        traffic.wait_for(2)
        deployed.deployment.cloud.deploy(project.root, options=project.options)
        status = deployed.command(CHANGED, "status")["status"]
        assert status in {"admitting", "baking", "held"}, "the deploy does not wait"
        shares = watched_shares(deployed, traffic)
        traffic.wait_for(2)
    assert not traffic.failures()
    assert traffic.versions()[0] == "1.0.0"
    assert traffic.versions()[-1] == "1.1.0"
    assert shares.keys() == {0.4, 0.6}
    for weight, (new, every) in shares.items():
        low, high = binom.interval(0.999, every, weight)
        assert low <= new <= high, shares
    assert {name for name, count in deployed.changes().items() if count != changes[name]} == {
        *STACK,
        "Serin-dev-Catalog",
    }
    assert {name for name in NAMES if deployed.image(name) != images[name]} == {CHANGED}
    assert {name: deployed.serving(name) for name in NAMES} == dict.fromkeys(NAMES, "1") | {CHANGED: "2"}


def test_the_catalogue_tells_of_the_new_version_and_the_old_one_is_kept_to_return_to(deployed: Deployed) -> None:
    time.sleep(5)  # as long as what the catalogue has read holds
    (model,) = [each for each in deployed.get("/v2/models")["models"] if each["name"] == CHANGED]
    assert model["serving"] == [{"version": "1.1.0", "weight": 1.0, "deployment": "2"}]
    versions = deployed.client("lambda").list_versions_by_function(FunctionName=deployed.function(CHANGED))["Versions"]
    assert {each["Version"] for each in versions} == {"$LATEST", "1", "2"}


def test_a_deploy_without_a_change_releases_nothing(deployed: Deployed, project: Project) -> None:
    deploy(deployed, project)
    assert [each["number"] for each in deployed.command(CHANGED, "history")["releases"]] == [2, 1]


@pytest.mark.parametrize(
    ("number", "version", "fault", "why"),
    [(3, "1.2.0", None, "is not ready; its log says why"), (4, "1.2.1", "wrong answers", "case 1: prediction.value: ")],
)
def test_a_version_that_cannot_start_or_answers_wrongly_is_refused_and_serves_nobody(
    deployed: Deployed, project: Project, rows: list[bytes], number: int, version: str, fault: str | None, why: str
) -> None:
    project.release(CHANGED, version)
    if fault is None:
        project.lose_models()
    else:
        project.break_handler(fault)
    with deployed.traffic(PATH, rows) as traffic:
        traffic.wait_for(2)
        deploy(deployed, project)
        record = deployed.released(CHANGED, number, "refused")
        traffic.wait_for(2)
    project.find_models()
    project.mend_handler()
    assert why in record["reason"]
    assert not traffic.failures()
    assert traffic.versions() == ["1.1.0"]
    assert deployed.serving(CHANGED) == "2"


def test_the_log_says_why_a_version_did_not_start(deployed: Deployed) -> None:
    (group,) = [name for name in deployed.log_groups() if f"Model-{CHANGED}/InferenceLogs" in name]
    assert deployed.log(group, "/nowhere: no such folder")


@pytest.mark.parametrize(
    ("number", "version", "fault", "measure"),
    [
        (5, "1.3.0", "5 % errors", "error_rate"),
        (6, "1.3.1", "slow p99", "latency_p99"),
        (7, "1.3.2", "shifted", "prediction_shift"),
    ],
)
def test_a_version_that_is_worse_for_its_callers_is_rolled_back(
    deployed: Deployed, project: Project, rows: list[bytes], number: int, version: str, fault: str, measure: str
) -> None:
    project.release(CHANGED, version)
    project.break_handler(fault)
    with deployed.traffic(PATH, rows) as traffic:
        deploy(deployed, project)
        record = deployed.released(CHANGED, number, "rolled_back", "promoted", seconds=300)
        traffic.wait_for(2)  # these may have been on their way
        settled = traffic.wait_for(20)
    project.mend_handler()
    assert record["status"] == "rolled_back", record["judgement"]
    assert [one["measure"] for one in record["judgement"]["evidence"] if one["verdict"] == "rollback"] == [measure]
    assert {header(answer, "X-Model-Version") for answer in settled} == {"1.1.0"}
    assert deployed.serving(CHANGED) == "2"
    assert {status for status, _ in traffic.failures()} == ({500} if measure == "error_rate" else set())


def test_without_traffic_a_release_is_held_and_a_second_deploy_supersedes_it(
    deployed: Deployed, project: Project
) -> None:
    project.release(CHANGED, "1.4.0")
    deploy(deployed, project)
    held = deployed.released(CHANGED, 8, "held")
    assert deployed.alias(CHANGED) == ("2", {held["new"]: 0.4})
    project.release(CHANGED, "1.5.0")
    deploy(deployed, project)
    held = deployed.released(CHANGED, 9, "held")
    assert deployed.alias(CHANGED) == ("2", {held["new"]: 0.4})
    assert deployed.command(CHANGED, "history")["releases"][1]["status"] == "superseded"


def test_an_abort_gives_the_stable_version_everything_at_once(deployed: Deployed) -> None:
    status, said = deployed.serin("release", "abort", CHANGED, "--reason", "looks odd")
    assert (status, said["status"]) == (0, "aborted")
    assert said["reason"].startswith("looks odd (arn:aws:iam::000000000000:")
    assert deployed.serving(CHANGED) == "2"


def test_an_alarm_stops_a_release_within_a_minute(deployed: Deployed) -> None:
    number = deployed.command(CHANGED, "start", reason="once more")["number"]
    deployed.released(CHANGED, number, "baking", "held")
    now = datetime.now(UTC)
    failed = [
        {
            "MetricName": "Errors",
            "Dimensions": [{"Name": "model", "Value": CHANGED}, {"Name": "version", "Value": "1.5.0"}],
            "Timestamp": now - timedelta(minutes=minutes),
            "Value": 1.0,
        }
        for minutes in range(4)
    ]
    deployed.client("cloudwatch").put_metric_data(Namespace="Serin", MetricData=failed)
    record = deployed.released(CHANGED, number, "rolled_back", seconds=60)
    assert record["reason"].startswith("alarm raised: ")
    assert deployed.serving(CHANGED) == "2"


def test_a_release_whose_machine_was_stopped_by_hand_goes_back(deployed: Deployed) -> None:
    number = deployed.command(CHANGED, "start", reason="once more")["number"]
    deployed.released(CHANGED, number, "baking", "held")
    machines = deployed.client("stepfunctions")
    (machine,) = [
        each["stateMachineArn"]
        for each in machines.list_state_machines()["stateMachines"]
        if CHANGED in each["stateMachineArn"]
    ]
    (running,) = machines.list_executions(stateMachineArn=machine, statusFilter="RUNNING")["executions"]
    machines.stop_execution(executionArn=running["executionArn"])
    record = deployed.released(CHANGED, number, "aborted")
    assert (record["by"], deployed.serving(CHANGED)) == ("a test", "2")


def test_an_alias_edited_by_hand_is_noticed_and_left_as_it_is_until_someone_asks(deployed: Deployed) -> None:
    number = deployed.command(CHANGED, "start", reason="once more")["number"]
    deployed.released(CHANGED, number, "baking", "held")
    functions = deployed.client("lambda")
    functions.update_alias(FunctionName=deployed.function(CHANGED), Name="live", FunctionVersion="1")
    record = deployed.released(CHANGED, number, "interrupted")
    assert "which this release did not set" in record["reason"]
    assert deployed.alias(CHANGED)[0] == "1"
    status, said = deployed.serin("release", "rollback", CHANGED, "--to", "1.1.0", "--reason", "as it was")
    assert (status, said["status"]) == (0, "promoted")
    assert deployed.serving(CHANGED) == "2"


def test_a_person_may_overrule_a_judge_that_nobody_feeds(deployed: Deployed, rows: list[bytes]) -> None:
    number = deployed.command(CHANGED, "start", reason="once more")["number"]
    deployed.released(CHANGED, number, "held")
    assert deployed.serin("release", "status", CHANGED)[0] == ExitCode.NOT_ENOUGH_DATA
    status, said = deployed.serin("release", "promote", CHANGED, "--reason", "it is urgent")
    assert (status, said["status"]) == (0, "promoted")
    assert deployed.serin("release", "status", CHANGED)[0] == 0
    assert header(deployed.send("POST", PATH, rows[0]), "X-Model-Version") == "1.5.0"


def test_the_api_shows_releases_to_those_who_sign_their_requests(deployed: Deployed) -> None:
    path = f"/releases/{CHANGED}"
    assert deployed.send("GET", path).status == 403
    shown = [release["status"] for release in deployed.signed(f"{path}?limit=3")["releases"]]
    _, said = deployed.serin("release", "history", CHANGED)
    assert shown == [release["status"] for release in said["releases"]][:3]
    latest = deployed.signed(f"{path}/latest")
    assert (latest["new"]["version"], latest["status"]) == ("1.5.0", "promoted")
    assert latest["admission"].keys() >= {"p99_ms", "memory_mb", "init_ms"}


def test_a_blue_green_release_goes_back_at_once(deployed: Deployed, project: Project, rows: list[bytes]) -> None:
    last = deployed.command(CHANGED, "status")
    project.take_all_at_a_step(CHANGED)
    project.release(CHANGED, "1.6.0")
    project.break_handler("5 % errors")
    with deployed.traffic(PATH, rows) as traffic:
        deploy(deployed, project)
        record = deployed.released(CHANGED, last["number"] + 1, "rolled_back", seconds=300)
        traffic.wait_for(2)  # these may have been on their way
        settled = traffic.wait_for(20)
    project.mend_handler()
    assert set(traffic.versions()) == {"1.5.0", "1.6.0"}
    assert (record["stable_window"]["requests"], record["judgement"]["verdict"]) == (0, "rollback")
    assert {header(answer, "X-Model-Version") for answer in settled} == {"1.5.0"}


def test_an_artefact_that_is_not_the_locked_one_is_refused_before_anything_is_deployed(
    deployed: Deployed, project: Project
) -> None:
    project.spoil(CHANGED)
    with pytest.raises(LocalError, match=r"model\.onnx: is not the file that model\.lock\.json names"):
        deploy(deployed, project)
    project.mend(CHANGED)


def everything(deployed: Deployed) -> dict[str, list[Any]]:
    """What the account holds of the app, by kind."""
    gateway, watch, identity = deployed.client("apigateway"), deployed.client("cloudwatch"), deployed.client("iam")
    keys = deployed.client("kms")
    ids = [key["KeyId"] for key in keys.list_keys()["Keys"]]
    label = f"label={deployed.deployment.cloud.emulator.container_label}"
    return {
        "stacks": list(deployed.stacks()),
        "functions": deployed.client("lambda").list_functions()["Functions"],
        "apis": gateway.get_rest_apis()["items"],
        "api keys": gateway.get_api_keys()["items"],
        "usage plans": gateway.get_usage_plans()["items"],
        "logs": list(deployed.log_groups()),
        "alarms": watch.describe_alarms()["MetricAlarms"],
        "dashboards": watch.list_dashboards()["DashboardEntries"],
        "topics": deployed.client("sns").list_topics()["Topics"],
        "parameters": deployed.client("ssm").get_parameters_by_path(Path="/serin", Recursive=True)["Parameters"],
        "policies": identity.list_policies(Scope="Local")["Policies"],
        "tables": deployed.client("dynamodb").list_tables()["TableNames"],
        "state machines": deployed.client("stepfunctions").list_state_machines()["stateMachines"],
        "roles": [role for role in identity.list_roles()["Roles"] if role["RoleName"].startswith("Serin-")],
        "keys": [key for key in ids if keys.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] != "PendingDeletion"],
        "containers": run(["podman", "ps", "--all", "--quiet", "--filter", label], what="podman").split(),
    }


def test_destroy_leaves_nothing(deployed: Deployed, project: Project) -> None:
    assert [kind for kind, found in everything(deployed).items() if not found] == []
    cloud = deployed.deployment.cloud
    cloud.destroy(project.root, options=("--app", str(cloud.assembly)))
    assert {kind: found for kind, found in everything(deployed).items() if found} == {}
