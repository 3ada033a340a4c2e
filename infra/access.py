"""Who may call: the stage's choice of API key, IAM or a bearer token, as options of every method."""

from __future__ import annotations

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.config import Access, ApiKeyAccess, IamAccess, JwtAccess, Quota, Stage, Throttle
