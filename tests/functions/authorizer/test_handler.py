"""The authorizer as API Gateway calls it, with an issuer that publishes its keys on loopback."""

from __future__ import annotations

import importlib
import json
import threading
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from functions.authorizer.settings import Settings

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
METHOD = "arn:aws:execute-api:eu-central-1:123456789012:abc123/dev/POST/models/plain/predict"


class Authorizer(Protocol):
    def __call__(self, event: Mapping[str, Any], context: object) -> dict[str, Any]: ...


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """Discovery document and key set of an OpenID Connect issuer."""
    key = json.loads(RSAAlgorithm.to_jwk(KEY.public_key())) | {"kid": "1", "use": "sig", "alg": "RS256"}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = f"http://{self.headers['Host']}"
            found = {
                "/.well-known/openid-configuration": {"issuer": address, "jwks_uri": f"{address}/keys"},
                "/keys": {"keys": [key]},
            }
            self.send_response(200 if self.path in found else 404)
            self.end_headers()
            self.wfile.write(json.dumps(found.get(self.path)).encode())

        def log_message(self, *_: object) -> None:
            """Nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def authorize(issuer: str) -> Authorizer:
    """The function's module, composed as Lambda composes it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SERIN_JWT_ISSUER", issuer)
        patch.setenv("SERIN_JWT_AUDIENCE", "callers")
        handler: Authorizer = importlib.import_module("functions.authorizer.handler").lambda_handler
    return handler


def _token(issuer: str, kid: str = "1") -> str:
    claims = {"iss": issuer, "aud": "callers", "sub": "somebody", "exp": int(time.time()) + 600}
    return jwt.encode(claims, KEY, algorithm="RS256", headers={"kid": kid})


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_a_good_token_opens_the_stage_and_no_other(authorize: Authorizer, issuer: str, scheme: str) -> None:
    answer = authorize({"authorizationToken": f"{scheme} {_token(issuer)}", "methodArn": METHOD}, None)
    assert answer["principalId"] == "somebody"
    assert answer["policyDocument"]["Statement"] == [
        {
            "Action": "execute-api:Invoke",
            "Effect": "Allow",
            "Resource": "arn:aws:execute-api:eu-central-1:123456789012:abc123/dev/*",
        }
    ]


@pytest.mark.parametrize("kind", ["no header", "another scheme", "no token", "unknown key", "nonsense"])
def test_anything_else_is_refused_in_the_one_word_that_makes_a_401(
    authorize: Authorizer, issuer: str, kind: str
) -> None:
    headers = {
        "no header": {},
        "another scheme": {"authorizationToken": f"Basic {_token(issuer)}"},
        "no token": {"authorizationToken": "Bearer "},
        "unknown key": {"authorizationToken": f"Bearer {_token(issuer, kid='2')}"},
        "nonsense": {"authorizationToken": "Bearer a.b.c"},
    }
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        authorize({"methodArn": METHOD, **headers[kind]}, None)


def test_settings_name_what_is_missing() -> None:
    with pytest.raises(KeyError, match="SERIN_JWT_AUDIENCE"):
        Settings.from_environment({"SERIN_JWT_ISSUER": "https://issuer.example.org"})
