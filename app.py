"""The CDK app: reads the stage and the model catalogue, builds the stacks, synthesises.

Context: ``-c stage=prod`` (default dev); ``-c account=... -c region=...`` deploys it elsewhere than the stage says;
``-c base_image=...`` builds the images on another base.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks

from infra.api_stack import ApiStack
from infra.catalog import load_catalog
from infra.catalog_stack import CatalogStack
from infra.config import ConfigurationError, Stage, stage_named
from infra.model_stack import ModelStack
from infra.platform_stack import PlatformStack
from infra.signer import stage_signer
from serin.errors import ModelFolderError

ROOT = Path(__file__).resolve().parent


def main() -> None:
    """Synthesise the stage that the context names; what a person has to mend is one line."""
    app = cdk.App(analytics_reporting=False)
    try:
        add_stacks(app, stage=stage_of(app), root=ROOT)
    except (ConfigurationError, ModelFolderError) as error:
        sys.exit(f"serin: {error}")
    app.synth()


def add_stacks(app: cdk.App, *, stage: Stage, root: Path) -> None:
    """Everything of one stage, checked by cdk-nag. ``root`` holds ``models``, ``functions`` and ``layers``.

    Raises:
        ConfigurationError: the key that the stage demands signatures of cannot be used.
        ModelFolderError: a model folder that cannot be served.
    """
    signer = stage_signer(stage, root)
    models = load_catalog(root / "models", signer)
    platform = PlatformStack(app, stage=stage)
    served = [
        ModelStack(app, stage=stage, manifest=manifest, platform=platform, root=root, signer=signer)
        for manifest in models
    ]
    catalog = CatalogStack(app, stage=stage, models=served, platform=platform, root=root)
    aliases = {manifest.name: stack.alias for manifest, stack in zip(models, served, strict=True)}
    ApiStack(app, stage=stage, models=aliases, catalog=catalog.alias, platform=platform, root=root)
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))


def stage_of(app: cdk.App) -> Stage:
    """The stage that the context names, with what else the context overrides.

    Raises:
        ConfigurationError: no such stage, or an account without a region.
    """

    def context(key: str, default: str | None) -> str | None:
        value = app.node.try_get_context(key)
        return default if value is None else str(value)

    stage = stage_named(context("stage", None) or "dev")
    return replace(
        stage,
        account=context("account", stage.account),
        region=context("region", stage.region),
        base_image=context("base_image", None) or stage.base_image,
    )


if __name__ == "__main__":
    main()
