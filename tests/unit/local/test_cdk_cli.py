"""What of the CDK's output says why a deploy failed."""

from __future__ import annotations

from local.cdk_cli import failed_resource

# As the command prints it, with its advice behind it.
OUTPUT = """\
Serin-dev-Model-x | 12/9 | 9:58:24 AM | UPDATE_IN_PROGRESS      | Custom::AliasMove          | Release/Move/Default (ReleaseMove7522EF42)
Serin-dev-Model-x | 13/9 | 9:58:25 AM | UPDATE_FAILED           | Custom::AliasMove          | Release/Move/Default (ReleaseMove7522EF42) version 2 is not ready
Serin-dev-Model-x | 14/9 | 9:58:25 AM | UPDATE_ROLLBACK_IN_PROG | AWS::CloudFormation::Stack | Serin-dev-Model-x

Failed resources:
Serin-dev-Model-x | 9:58:24 AM | UPDATE_FAILED           | Custom::AliasMove          | Release/Move/Default (ReleaseMove7522EF42) version 2 is not ready
CloudTrail delivery can lag up to 15 minutes behind the failure; re-run `cdk diagnose` in a few minutes.
"""  # noqa: E501


def test_the_first_resource_that_failed_is_named_with_its_stack_and_reason() -> None:
    said = "Serin-dev-Model-x: Release/Move/Default (ReleaseMove7522EF42) version 2 is not ready"
    assert failed_resource(OUTPUT) == said


def test_an_output_without_a_failed_resource_names_none() -> None:
    assert failed_resource(OUTPUT.replace("UPDATE_FAILED", "UPDATE_COMPLETE")) is None
