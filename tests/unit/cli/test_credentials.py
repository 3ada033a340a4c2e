from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

import pytest
from botocore.credentials import Credentials as AwsCredentials

from cli.credentials import Signature, given
from cli.endpoint import Endpoint
from cli.outcome import CommandError, ExitCode
from tests.peer import Asked, Reply, answering

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"  # noqa: S105 - of AWS's documentation


def headers_of(api_key: str | None, token: str | None) -> Mapping[str, str]:
    return given(api_key, token).added("GET", "https://h/", {}, None)


def test_a_key_and_a_token_have_a_header_each() -> None:
    assert headers_of(None, None) == {}
    assert headers_of("k", None) == {"x-api-key": "k"}
    assert headers_of(None, "t.t.t") == {"authorization": "Bearer t.t.t"}
    assert headers_of("k", "t") == {"x-api-key": "k", "authorization": "Bearer t"}


@pytest.mark.parametrize(
    ("api_key", "token", "option"), [("a\nb", None, "--api-key"), ("ä", None, "--api-key"), (None, "a\nb", "--token")]
)
def test_what_no_header_can_carry_is_refused_by_its_option(api_key: str | None, token: str | None, option: str) -> None:
    with pytest.raises(CommandError, match=f"^{option}: holds a character that no header can carry$") as error:
        given(api_key, token)
    assert error.value.code is ExitCode.USAGE


def expected_signature(asked: Asked, host: str) -> str:
    """Worked out step by step as "Create a signed AWS API request" in AWS's documentation describes it."""
    found = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/((\d{8})/eu-west-1/execute-api/aws4_request), "
        r"SignedHeaders=([a-z0-9;-]+), Signature=[0-9a-f]{64}",
        asked.headers["authorization"],
    )
    assert found is not None
    scope, day, signed = found.groups()
    headers = {**asked.headers, "host": host}
    lines = [f"{name}:{headers[name]}\n" for name in signed.split(";")]
    digest = hashlib.sha256(asked.body).hexdigest()
    canonical = "\n".join([asked.method, urlsplit(asked.path).path, "", "".join(lines), signed, digest])
    text = "\n".join(
        ["AWS4-HMAC-SHA256", asked.headers["x-amz-date"], scope, hashlib.sha256(canonical.encode()).hexdigest()]
    )
    key = f"AWS4{SECRET}".encode()
    for part in (day, "eu-west-1", "execute-api", "aws4_request", text):
        key = hmac.digest(key, part.encode(), "sha256")
    return key.hex()


@pytest.mark.parametrize("session_token", [None, "temporary"])
def test_a_signed_request_carries_the_signature_that_aws_works_out(session_token: str | None) -> None:
    signature = Signature(AwsCredentials("AKIDEXAMPLE", SECRET, session_token), "eu-west-1")
    with answering(Reply(200, b"{}")) as peer:
        endpoint = Endpoint.at(f"{peer.url}/prod", signature)
        endpoint.post("/models/m/predict", b'{"instances":[]}')
        endpoint.get("/v2/models")
    host = urlsplit(peer.url).netloc
    for asked in peer.asked:
        assert asked.headers["authorization"].endswith(expected_signature(asked, host))
        assert asked.headers.get("x-amz-security-token") == session_token
    assert peer.asked[0].headers["authorization"] != peer.asked[1].headers["authorization"]
