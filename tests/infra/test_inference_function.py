"""One model as a function."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import aws_cdk as cdk
import msgspec
import pytest

from infra.inference_function import InferenceFunction
from infra.platform_stack import PlatformStack
from serin.errors import ModelFolderError
from serin.manifest import ProvisionedConcurrency
from serin.model_folder import load_manifest
from tests.infra.stages import DEV
from tests.infra.synthesis import Synthesis, synthesise

FUNCTION = "AWS::Lambda::Function"


def test_the_function_has_what_the_manifest_asks_for(dev: Synthesis) -> None:
    function = dev["Model-snap"].properties(FUNCTION, PackageType="Image")
    assert function["MemorySize"] == 2048
    assert function["Timeout"] == 5
    assert function["ReservedConcurrentExecutions"] == 50
    assert function["Architectures"] == ["arm64"]
    assert function["SnapStart"] == {"ApplyOn": "PublishedVersions"}
    assert function["TracingConfig"] == {"Mode": "Active"}


def test_what_the_manifest_does_not_ask_for_is_left_to_lambda(dev: Synthesis) -> None:
    function = dev["Model-plain"].properties(FUNCTION, PackageType="Image")
    assert function["Architectures"] == ["x86_64"]
    assert not {"SnapStart", "ReservedConcurrentExecutions", "FunctionName", "Environment"} & function.keys()


def test_the_alias_has_function_name_and_version_one_and_nothing_that_could_change(dev: Synthesis) -> None:
    stack = dev["Model-plain"]
    (alias,) = stack.of_type("AWS::Lambda::Alias").values()
    (function,) = (name for name, found in stack.of_type(FUNCTION).items() if "ImageUri" in found["Properties"]["Code"])
    assert alias["Properties"] == {"FunctionName": {"Ref": function}, "FunctionVersion": "1", "Name": "live"}


def test_the_alias_waits_for_the_published_version(dev: Synthesis) -> None:
    stack = dev["Model-plain"]
    (alias,) = stack.of_type("AWS::Lambda::Alias").values()
    (version,) = stack.of_type("AWS::Lambda::Version")
    assert alias["DependsOn"] == [version]


def test_a_version_outlives_its_deploy_but_not_a_failed_one(dev: Synthesis) -> None:
    (version,) = dev["Model-plain"].of_type("AWS::Lambda::Version").values()
    assert version["DeletionPolicy"] == "RetainExceptOnCreate"
    assert version["UpdateReplacePolicy"] == "Retain"


def test_an_image_is_pushed_under_its_own_digest_as_its_tag_and_served_from_there(dev: Synthesis) -> None:
    for name in ("plain", "snap", "warm"):
        stack = dev[f"Model-{name}"]
        ((digest, image),) = stack.images.items()
        ((registry, tag),) = image.tags
        assert (registry.startswith("cdk-hnb659fds-container-assets-"), tag) == (True, digest)
        (code,) = (
            found["Properties"]["Code"]
            for found in stack.of_type(FUNCTION).values()
            if "ImageUri" in found["Properties"]["Code"]
        )
        assert code["ImageUri"]["Fn::Sub"].endswith(f"/{registry}:{digest}")


def test_a_version_is_published_under_the_models_own(dev: Synthesis) -> None:
    for name, version in (("plain", "1.0.0"), ("snap", "2.1.0")):
        (published,) = dev[f"Model-{name}"].of_type("AWS::Lambda::Version").values()
        assert published["Properties"]["Description"] == version


def test_the_log_is_kept_as_long_as_the_manifest_says_unless_the_stage_overrides_it(
    dev: Synthesis, prod: Synthesis
) -> None:
    def days(stacks: Synthesis) -> int:
        groups = stacks["Model-snap"].of_type("AWS::Logs::LogGroup")
        (own,) = (group for name, group in groups.items() if name.startswith("Inference"))
        kept: int = own["Properties"]["RetentionInDays"]
        return kept

    assert (days(prod), days(dev)) == (90, 7)


def test_the_image_is_built_for_one_model_on_the_stages_base(project: Path, tmp_path: Path) -> None:
    stage = replace(DEV, base_image="registry.example.org/base:1")
    (image,) = synthesise(stage, project, tmp_path)["Model-snap"].images.values()
    assert image.dockerfile == "functions/inference/Dockerfile"
    assert image.arguments == {"BASE_IMAGE": "registry.example.org/base:1", "MODEL": "snap"}
    assert image.platform == "linux/arm64"


def test_snap_start_and_provisioned_concurrency_together_are_refused(project: Path) -> None:
    manifest = load_manifest(project / "models" / "snap" / "model.yaml")
    both = msgspec.structs.replace(
        manifest,
        serving=msgspec.structs.replace(manifest.serving, provisioned_concurrency=ProvisionedConcurrency(min=1, max=1)),
    )
    stack = PlatformStack(cdk.App(), stage=DEV)
    with pytest.raises(ModelFolderError, match=re.escape("serving.provisioned_concurrency: excludes snap_start")):
        InferenceFunction(stack, "Inference", stage=DEV, manifest=both, key=stack.key, root=project)
