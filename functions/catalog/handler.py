"""The control plane on Lambda."""

from __future__ import annotations

import os
from functools import partial

import boto3

from functions.catalog.alias_catalog import CLIENT, AliasCatalog
from functions.catalog.app import create_app
from functions.catalog.parameters import aliases_by_model
from functions.catalog.proxy import build_handler
from functions.catalog.releases.history import TableHistory
from functions.catalog.settings import Settings
from serin.apigateway import Handler
from serin.cross_origin import readable_by
from serin.model_folder import MANIFEST_FILE, find_model_folders, load_manifest


def _compose(settings: Settings) -> Handler:
    manifests = [load_manifest(folder / MANIFEST_FILE) for folder in find_model_folders(settings.models)]
    find_aliases = partial(aliases_by_model, boto3.client("ssm", config=CLIENT), settings.parameter_path)
    catalog = AliasCatalog(manifests, find_aliases, boto3.client("lambda", config=CLIENT))
    table = settings.releases_table
    history = TableHistory(boto3.client("dynamodb", config=CLIENT), table) if table is not None else None
    return readable_by(settings.cors_origin, build_handler(create_app(catalog, settings.credentials, history)))


lambda_handler = _compose(Settings.from_environment(os.environ))
