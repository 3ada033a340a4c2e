"""What the bootstrap of the pinned CDK does with images: versions that a release may go back to need theirs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from local.cdk_cli import Cdk


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """Properties of the one registry that `cdk bootstrap` makes; no account is asked for that."""
    folder = tmp_path_factory.mktemp("bootstrap")
    shown = Cdk(home=folder, directory=folder).run(["bootstrap", "--show-template"])
    resources = yaml.safe_load(shown)["Resources"].values()
    (found,) = [each["Properties"] for each in resources if each["Type"] == "AWS::ECR::Repository"]
    properties: Mapping[str, Any] = found
    return properties


def test_no_rule_expires_an_image_that_has_a_tag(registry: Mapping[str, Any]) -> None:
    rules = json.loads(registry["LifecyclePolicy"]["LifecyclePolicyText"])["rules"]
    assert [rule["selection"]["tagStatus"] for rule in rules] == ["untagged"]


def test_no_push_takes_the_tag_from_an_image_that_has_it(registry: Mapping[str, Any]) -> None:
    assert registry["ImageTagMutability"] == "IMMUTABLE"
    assert "ImageTagMutabilityExclusionFilters" not in registry


def test_the_registry_is_the_one_that_images_are_pushed_to(registry: Mapping[str, Any]) -> None:
    assert {"Fn::Sub": "cdk-${Qualifier}-container-assets-${AWS::AccountId}-${AWS::Region}"} in registry[
        "RepositoryName"
    ]["Fn::If"]
