#!/usr/bin/env python3
"""The program that the CDK calls as ``docker`` for a deploy onto the emulator (``CDK_DOCKER``). Standard library only.

Builds run in the engine on the base image named by the caller. The emulator has no registry to push to: a push is a
note in its ECR that the image exists, and its functions run the image of that name from the engine's own store.
"""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

ENGINE = os.environ.get("SERIN_ENGINE", "podman")
CREDENTIAL = "AWS4-HMAC-SHA256 Credential=test/20260101/{region}/ecr/aws4_request, SignedHeaders=host, Signature=0"


def engine(words: list[str]) -> int:
    """Run the engine and pass its streams and its answer on."""
    return subprocess.run([ENGINE, *words], check=False).returncode  # noqa: S603 - the words of the CDK


def build(words: list[str]) -> int:
    """Build with the base image and with this machine's certificates, which a private package index may need.

    The last of several build arguments of one name holds, so this machine's base takes the place of the app's.
    """
    extra = []
    if base := os.environ.get("SERIN_BASE_IMAGE"):
        extra += ["--build-arg", f"BASE_IMAGE={base}"]
    certificates = ssl.get_default_verify_paths().cafile
    if certificates and ENGINE == "podman":
        extra += ["--volume", f"{Path(certificates).resolve()}:/etc/ssl/certs/ca-certificates.crt:ro"]
    if Path("/etc/pip.conf").is_file() and ENGINE == "podman":
        extra += ["--volume", "/etc/pip.conf:/etc/pip.conf:ro"]
    *options, context = words
    return engine(["build", *options, *extra, context])


def push(words: list[str]) -> int:
    """Note ``ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG`` in the emulator's ECR."""
    registry, _, rest = words[-1].partition("/")
    repository, _, tag = rest.rpartition(":")
    _, _, _, region, *_ = registry.split(".")
    manifest = json.dumps({"schemaVersion": 2, "image": words[-1]})
    request = urllib.request.Request(  # noqa: S310 - the emulator's own address
        os.environ["AWS_ENDPOINT_URL"],
        json.dumps({"repositoryName": repository, "imageTag": tag, "imageManifest": manifest}).encode(),
        {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": "AmazonEC2ContainerRegistry_V20150921.PutImage",
            "Authorization": CREDENTIAL.format(region=region),
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=30):  # noqa: S310 - as above
            return 0
    except urllib.error.HTTPError as error:
        sys.stderr.write(f"push of {words[-1]}: {error.read().decode('utf-8', 'replace')}\n")
        return 1


def main(words: list[str]) -> int:
    """One docker command."""
    if words[:1] == ["login"]:
        sys.stdin.read()
        return 0
    if words[:1] == ["push"]:
        return push(words[1:])
    if words[:1] == ["build"]:
        return build(words[1:])
    return engine(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
