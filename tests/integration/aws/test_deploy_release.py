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

STACK = (f"Serin-dev-Model-{CHANGED}",)


def test_a_new_version_changes_its_models_stack_and_the_catalogue_and_takes_over_without_a_failed_request(
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
        *STACK,
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
    project.release(CHANGED, "1.2.0")
    project.lose_models()
    with deployed.traffic(f"/models/{CHANGED}/predict", row) as traffic:
        traffic.wait_for(2)
        with pytest.raises(LocalError, match=rf"^cdk deploy: {STACK[0]}: .* version 3 of .* is not ready"):
            deployed.deployment.cloud.deploy(project.root, STACK, options=project.options)
        traffic.wait_for(2)
    assert {answer.status for answer in traffic.answers} == {200}
    assert traffic.versions() == ["1.1.0"]
    assert deployed.serving(CHANGED) == "2"
    assert deployed.stacks()[STACK[0]] == "UPDATE_ROLLBACK_COMPLETE"
    (group,) = [name for name in deployed.log_groups() if f"Model-{CHANGED}/InferenceLogs" in name]
    assert any("/nowhere: no such folder" in line for line in deployed.log(group)), "the log says why"


def test_an_artefact_that_is_not_the_locked_one_is_refused_before_anything_is_deployed(
    deployed: Deployed, project: Project
) -> None:
    project.spoil(CHANGED)
    with pytest.raises(LocalError, match=r"model\.onnx: is not the file that model\.lock\.json names"):
        deployed.deployment.cloud.deploy(project.root, STACK, options=project.options)
    project.mend(CHANGED)
    assert deployed.stacks()[STACK[0]] == "UPDATE_ROLLBACK_COMPLETE"


def test_the_mended_model_deploys_and_takes_over(deployed: Deployed, project: Project, row: bytes) -> None:
    project.find_models()
    deployed.deployment.cloud.deploy(project.root, STACK, options=project.options)
    answer: dict[str, Any] = json.loads(deployed.send("POST", f"/models/{CHANGED}/predict", row).body)
    assert answer["version"] == "1.2.0"


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
        "roles": [role for role in identity.list_roles()["Roles"] if role["RoleName"].startswith("Serin-")],
        "keys": [key for key in ids if keys.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] != "PendingDeletion"],
        "containers": run(["podman", "ps", "--all", "--quiet", "--filter", label], what="podman").split(),
    }


def test_destroy_leaves_nothing(deployed: Deployed, project: Project) -> None:
    assert [kind for kind, found in everything(deployed).items() if not found] == []
    cloud = deployed.deployment.cloud
    cloud.destroy(project.root, options=("--app", str(cloud.assembly)))
    assert {kind: found for kind, found in everything(deployed).items() if found} == {}
