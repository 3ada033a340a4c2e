"""The control plane's function as Lambda starts it: a process of its own, with its environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

PROGRAM: Final = """
import json, sys
from functions.catalog.handler import lambda_handler

class Context:
    aws_request_id = "lambda-request"

answers = [lambda_handler(event, Context()) for event in json.load(sys.stdin)]
print(json.dumps([answers, [*sys.modules]]))
"""

MODELS: Final = {"httpMethod": "GET", "path": "/v2/models"}
RELEASES: Final = {
    "httpMethod": "GET",
    "path": "/releases/multiply",
    "requestContext": {"identity": {"userArn": "arn:aws:iam::111122223333:user/ada"}},
}


def test_the_function_starts_without_numpy_or_the_engine(repository: Path, small_models: Path) -> None:
    environment = os.environ | {
        "PYTHONPATH": f"{repository}:{repository / 'layers/runtime/python'}",
        "SERIN_MODELS_DIR": str(small_models),
        "SERIN_MODELS_PARAMETER_PATH": "/serin/dev/models",
        "SERIN_RELEASES_TABLE": "releases",
        "SERIN_CORS_ORIGIN": "https://app.example.org",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",  # nobody: aliases and releases are not known
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        input=json.dumps([MODELS, RELEASES]),
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    (answer, releases), modules = json.loads(run.stdout)
    assert json.loads(answer["body"])["models"] == [
        {
            "name": "multiply",
            "version": "1.0.0",
            "title": "Multiplies by 2",
            "state": "unavailable",
            "serving": [],
        }
    ]
    assert answer["headers"]["access-control-allow-origin"] == "https://app.example.org"
    assert (releases["statusCode"], json.loads(releases["body"])["code"]) == (503, "model_not_ready")
    assert run.stderr.count("the releases of model multiply cannot be read: EndpointConnectionError") == 1
    assert not {name.partition(".")[0] for name in modules} & {"numpy", "onnxruntime", "pandas", "uvicorn"}
