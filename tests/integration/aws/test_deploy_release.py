"""What a change does, and the end of it all."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local.commands import run
from local.errors import LocalError
from tests.integration.aws.deployed import CHANGED, Deployed
from tests.integration.aws.project import Project
from tests.sample_models import NAMES


def test_a_new_version_of_one_model_changes_its_stack_and_takes_over_without_a_failed_request(
    deployed: Deployed, project: Project, row: bytes
) -> None:
    images, changes = {name: deployed.image(name) for name in NAMES}, deployed.changes()
    project.release(CHANGED, "1.1.0")
    with deployed.traffic(f"/models/{CHANGED}/predict", row) as traffic:
        traffic.wait_for(2)
        deployed.deployment.cloud.deploy(project.root, options=project.options)
        traffic.wait_for(2)
    assert {answer.status for answer in traffic.answers} == {200}
    assert traffic.versions() == ["1.0.0", "1.1.0"]
    assert {name for name, count in deployed.changes().items() if count != changes[name]} == {
        f"Serin-dev-Model-{CHANGED}",
        "Serin-dev-Catalog",
    }
    assert {name for name in NAMES if deployed.image(name) != images[name]} == {CHANGED}
    assert {name: deployed.serving(name) for name in NAMES} == dict.fromkeys(NAMES, "1") | {CHANGED: "2"}


def test_the_catalogue_tells_of_the_new_version_and_the_old_one_is_kept_to_return_to(deployed: Deployed) -> None:
    (model,) = [each for each in deployed.get("/v2/models")["models"] if each["name"] == CHANGED]
    assert model["serving"] == [{"version": "1.1.0", "weight": 1.0, "deployment": "2"}]
    versions = deployed.client("lambda").list_versions_by_function(FunctionName=deployed.function(CHANGED))["Versions"]
    assert {each["Version"] for each in versions} == {"$LATEST", "1", "2"}


def test_a_version_that_cannot_start_fails_its_deploy_and_serves_nobody(
    deployed: Deployed, project: Project, row: bytes
) -> None:
    project.spoil(CHANGED, "1.2.0")
    with deployed.traffic(f"/models/{CHANGED}/predict", row) as traffic:
        traffic.wait_for(2)
        with pytest.raises(
            LocalError, match=rf"^cdk deploy: Serin-dev-Model-{CHANGED}: .* version 3 of .* is not ready"
        ):
            deployed.deployment.cloud.deploy(project.root, options=project.options)
        traffic.wait_for(2)
    assert {answer.status for answer in traffic.answers} == {200}
    assert traffic.versions() == ["1.1.0"]
    assert deployed.serving(CHANGED) == "2"
    assert deployed.stacks()[f"Serin-dev-Model-{CHANGED}"] == "UPDATE_ROLLBACK_COMPLETE"
    (group,) = [name for name in deployed.log_groups() if f"Model-{CHANGED}/InferenceLogs" in name]
    assert any("model.onnx" in line for line in deployed.log(group)), "the log says why"


def test_the_mended_model_deploys_and_takes_over(deployed: Deployed, project: Project, row: bytes) -> None:
    project.mend(CHANGED)
    deployed.deployment.cloud.deploy(project.root, options=project.options)
    answer: dict[str, Any] = json.loads(deployed.send("POST", f"/models/{CHANGED}/predict", row).body)
    assert answer["version"] == "1.2.0"


def test_destroy_leaves_nothing(deployed: Deployed, project: Project) -> None:
    cloud = deployed.deployment.cloud
    cloud.destroy(project.root, options=project.options)
    assert deployed.stacks() == {}
    left = {
        "functions": deployed.client("lambda").list_functions()["Functions"],
        "apis": deployed.client("apigateway").get_rest_apis()["items"],
        "keys": deployed.client("apigateway").get_api_keys()["items"],
        "plans": deployed.client("apigateway").get_usage_plans()["items"],
        "logs": list(deployed.log_groups()),
        "alarms": deployed.client("cloudwatch").describe_alarms()["MetricAlarms"],
        "dashboards": deployed.client("cloudwatch").list_dashboards()["DashboardEntries"],
        "topics": deployed.client("sns").list_topics()["Topics"],
        "parameters": deployed.client("ssm").get_parameters_by_path(Path="/serin", Recursive=True)["Parameters"],
        "policies": deployed.client("iam").list_policies(Scope="Local")["Policies"],
        "roles": [each for each in deployed.client("iam").list_roles()["Roles"] if "Serin" in each["RoleName"]],
        "containers": run(
            ["podman", "ps", "--all", "--quiet", "--filter", f"label={cloud.emulator.container_label}"],
            what="podman: list containers",
        ).split(),
    }
    assert {kind: found for kind, found in left.items() if found} == {}
    keys = deployed.client("kms")
    states = [keys.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] for key in keys.list_keys()["Keys"]]
    assert set(states) <= {"PendingDeletion"}
