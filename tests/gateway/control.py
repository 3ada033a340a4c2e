"""What AWS tells the catalogue of the functions behind the gateway: their aliases, versions and parameters.

Sources: AWS Lambda API reference, GetAlias and ListVersionsByFunction; AWS Systems Manager API reference,
GetParametersByPath.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

import msgspec

PARAMETER_PATH: Final = "/serin/local/models"
PARAMETERS_TARGET: Final = "AmazonSSM.GetParametersByPath"
REGION: Final = "us-east-1"

_READ: Final = re.compile(r"/2015-03-31/functions/([^/]+)/(versions|aliases/live)")


@dataclass(frozen=True, slots=True)
class Published:
    """A function's published versions: each number's description, and what ``live`` has beside ``main``."""

    versions: Mapping[str, str]
    main: str = "1"
    weights: Mapping[str, float] = field(default_factory=dict)


def function_arn(function: str) -> str:
    """Without a qualifier."""
    return f"arn:aws:lambda:{REGION}:000000000000:function:{function}"


def read_function(path: str, functions: Mapping[str, Published]) -> bytes | None:
    """Lambda's answer to a GET on ``path``; None where no such function or no such route is there."""
    match = _READ.fullmatch(path)
    published = functions.get(unquote(match[1]).rsplit(":function:", 1)[-1]) if match else None
    if match is None or published is None:
        return None
    if match[2] == "versions":
        listed = [{"Version": "$LATEST", "Description": ""}]
        listed += [{"Version": number, "Description": text} for number, text in published.versions.items()]
        return msgspec.json.encode({"Versions": listed})
    routing = {"RoutingConfig": {"AdditionalVersionWeights": published.weights}} if published.weights else {}
    return msgspec.json.encode({"Name": "live", "FunctionVersion": published.main, **routing})


def read_parameters(request: bytes, functions: Mapping[str, str]) -> bytes:
    """Systems Manager's answer: the alias of each model below the path asked for, by the function's name."""
    path = msgspec.json.decode(request)["Path"]
    parameters = [
        {"Name": f"{path}/{model}", "Type": "String", "Value": f"{function_arn(function)}:live"}
        for function, model in functions.items()
        if path == PARAMETER_PATH
    ]
    return msgspec.json.encode({"Parameters": parameters})
