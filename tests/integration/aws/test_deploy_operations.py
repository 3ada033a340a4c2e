"""What an operator finds: outputs, bills of materials, alarms, metrics and logs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from infra.config import STAGES
from local.sbom import write_bills
from tests.golden_calls import GoldenCalls
from tests.integration.aws.deployed import CHANGED, Deployed, header
from tests.sample_models import NAMES, load_sample

STACKS = {f"Serin-dev-{name}" for name in ("Platform", *(f"Model-{model}" for model in NAMES), "Catalog", "Api")}


def test_the_deploy_ends_with_the_address_a_key_the_aliases_and_dashboards(
    deployed: Deployed, record_property: Callable[[str, object], None]
) -> None:
    record_property("figure", f"the whole app onto the emulator: {deployed.seconds:.0f} s")
    assert deployed.stacks() == dict.fromkeys(STACKS, "CREATE_COMPLETE")
    assert deployed.output("Api", "ApiUrl").endswith(".amazonaws.com/dev/")
    key = deployed.client("apigateway").get_api_key(apiKey=deployed.output("Api", "ApiKeyId"), includeValue=True)
    assert key["value"] == deployed.deployment.api_key
    dashboards = {each["DashboardName"] for each in deployed.client("cloudwatch").list_dashboards()["DashboardEntries"]}
    for stack in ("Api", *(f"Model-{name}" for name in NAMES)):
        assert deployed.output(stack, "DashboardUrl").rpartition("/")[2] in dashboards
    assert {name: deployed.serving(name) for name in NAMES} == dict.fromkeys(NAMES, "1")


def test_every_deployed_image_gets_its_bill_of_materials(deployed: Deployed, tmp_path: Path) -> None:
    cloud = deployed.deployment.cloud
    files = write_bills(cloud.assembly, tmp_path, engine="podman", environment=cloud.engine_environment)
    assert len(files) == len(NAMES) + 1
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert {file.name: validator.validate_str(file.read_text()) for file in files} == {f.name: None for f in files}


def test_every_alarm_watches_a_metric_that_the_running_app_writes(deployed: Deployed) -> None:
    """Metrics by version, those in log lines and API Gateway's are lessons of the emulator (``launcher.metrics``)."""
    for sample in map(load_sample, NAMES):
        GoldenCalls(sample, deployed.send).predict(sample.cases)
    topic = deployed.output("Platform", "AlarmTopicArn")
    alarms = deployed.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert len(alarms) == 1 + 4 * len(NAMES) + 2
    silent = {
        alarm["MetricName"]
        for alarm in alarms
        if not deployed.points(alarm["Namespace"], alarm["MetricName"], alarm["Dimensions"], "SampleCount")
    }
    assert silent == {"ClaimedAccountConcurrency"}, "the account's own metric, which the emulator does not have"
    assert {(alarm["TreatMissingData"], *alarm["AlarmActions"], *alarm["OKActions"]) for alarm in alarms} == {
        ("notBreaching", topic, topic)
    }
    assert {alarm["StateValue"] for alarm in alarms} == {"OK"}


def test_requests_are_counted_by_model_and_version(deployed: Deployed, row: bytes) -> None:
    """Out of the function's own log lines (``launcher.metrics``)."""
    dimensions = [{"Name": "model", "Value": CHANGED}, {"Name": "version", "Value": "1.0.0"}]

    def counted() -> float:
        return sum(deployed.points("Serin", "Requests", dimensions, "Sum"))

    before = counted()
    for _ in range(3):
        assert deployed.send("POST", f"/models/{CHANGED}/predict", row).status == 200
    assert counted() == before + 3
    assert sum(deployed.points("Serin", "Errors", dimensions, "Sum")) == 0


def test_one_request_is_found_in_the_access_log_and_in_the_functions_and_no_value_in_either(deployed: Deployed) -> None:
    """API Gateway's access log is a lesson of the emulator (``launcher.gateway_traffic``)."""
    secret = 23.123454321
    row = dict(load_sample(CHANGED).cases[0].instance) | {"body_mass_index": secret}
    answer = deployed.send("POST", f"/models/{CHANGED}/predict", json.dumps({"instances": [row]}).encode())
    request = header(answer, "X-Request-Id")
    groups = deployed.log_groups()
    lines = {name: deployed.log(name) for name in groups}
    where = {name for name, written in lines.items() if any(request in line for line in written)}
    assert {name.rpartition("/")[2].rstrip("0123456789ABCDEF") for name in where} == {"InferenceLogs", "AccessLogs"}
    assert not [line for written in lines.values() for line in written if str(secret) in line]
    assert {each.get("retentionInDays") for each in groups.values()} == {STAGES["dev"].log_retention_days}
    assert all(each.get("kmsKeyId") for each in groups.values())
