"""Bearer tokens, signed here with real keys: the good one passes, each bad one is refused."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from functions.authorizer.tokens import InvalidToken, TokenVerifier

ISSUER = "https://issuer.example.org"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CURVE_KEY = ec.generate_private_key(ec.SECP256R1())


def claims(**changes: Any) -> dict[str, Any]:
    """Claims of a good token; a change to None leaves a claim out."""
    now = int(time.time())
    good = {"iss": ISSUER, "aud": "callers", "sub": "somebody", "exp": now + 600, "iat": now}
    return {name: value for name, value in (good | changes).items() if value is not None}


def signed(key: Any = KEY, algorithm: str = "RS256", **changes: Any) -> str:
    return jwt.encode(claims(**changes), key, algorithm=algorithm, headers={"kid": "1"})


def verifier(find_key: Callable[[str], Any] = lambda _: KEY.public_key()) -> TokenVerifier:
    return TokenVerifier(issuer=ISSUER, audience="callers", find_key=find_key)


def unsigned() -> str:
    parts = ({"alg": "none", "typ": "JWT"}, claims())
    return ".".join(encoded(json.dumps(part).encode()) for part in parts) + "."


def symmetric() -> str:
    """The public key as a shared secret: everybody has it. Signed by hand, as the library refuses to."""
    public = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    parts = ({"alg": "HS256", "typ": "JWT", "kid": "1"}, claims())
    text = ".".join(encoded(json.dumps(part).encode()) for part in parts)
    return f"{text}.{encoded(hmac.digest(public, text.encode(), 'sha256'))}"


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"aud": ["others", "callers"]},
        {"aud": None, "client_id": "callers"},
    ],
)
def test_a_good_token_names_its_subject(changes: dict[str, Any]) -> None:
    assert verifier()(signed(**changes)) == "somebody"


def test_the_clocks_may_be_some_seconds_apart() -> None:
    assert verifier()(signed(exp=int(time.time()) - 5)) == "somebody"


def test_a_token_on_an_elliptic_curve_is_as_good() -> None:
    token = signed(CURVE_KEY, "ES256")
    assert verifier(lambda _: CURVE_KEY.public_key())(token) == "somebody"


NOW = int(time.time())
BAD: dict[str, Callable[[], str]] = {
    "expired": lambda: signed(exp=NOW - 3600),
    "without an end": lambda: signed(exp=None),
    "not yet valid": lambda: signed(nbf=NOW + 3600),
    "issued in the future": lambda: signed(iat=NOW + 3600),
    "of another issuer": lambda: signed(iss="https://other.example.org"),
    "of no issuer": lambda: signed(iss=None),
    "for another audience": lambda: signed(aud="others"),
    "for no audience": lambda: signed(aud=None),
    "for an empty audience": lambda: signed(aud=[]),
    "for another client": lambda: signed(aud=None, client_id="others"),
    "with a client's name beside a foreign audience": lambda: signed(aud="others", client_id="callers"),
    "of nobody": lambda: signed(sub=None),
    "signed by another key": lambda: signed(OTHER_KEY),
    "signed with a shared secret": symmetric,
    "not signed": unsigned,
    "changed": lambda: signed()[:-4] + "AAAA",
    "cut": lambda: signed()[:40],
    "empty": lambda: "",
    "text": lambda: "a.b.c",
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_token_is_refused(kind: str) -> None:
    with pytest.raises(InvalidToken):
        verifier()(BAD[kind]())


def test_a_token_under_an_unknown_key_is_refused() -> None:
    def unknown(_: str) -> Any:
        raise jwt.PyJWKClientError("no such key")

    with pytest.raises(InvalidToken):
        verifier(unknown)(signed())


def test_an_issuer_that_cannot_be_reached_is_no_fault_of_the_token() -> None:
    def unreachable(_: str) -> Any:
        raise jwt.PyJWKClientConnectionError("no route")

    with pytest.raises(jwt.PyJWKClientConnectionError):
        verifier(unreachable)(signed())
