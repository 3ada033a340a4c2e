from __future__ import annotations

import json
import shutil
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest

import cli.doctor.machine
from cli.doctor.finding import NotChecked, Problem
from cli.doctor.machine import MACHINE_CHECKS, Machine, attested, unread_schema
from local.cdk_cli import LOCK
from local.paths import CACHE, REPOSITORY
from tests.unit.cli.doctor.models import problems

CHECKS = {examiner.check.name: examiner for examiner in MACHINE_CHECKS}
ANSWERS = "#!/bin/sh\nexit 0\n"
SLEEPS = "#!/bin/sh\necho 'Cannot connect to its engine' >&2\nexit 1\n"


def look(check: str, **machine: Any) -> Problem | None:
    """What one check says of a machine; None where it finds nothing."""
    return problems([CHECKS[check]], Machine(**{"environment": {}, **machine})).get(check)


def path(folder: Path, **programs: str) -> dict[str, str]:
    for name, text in programs.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return {"PATH": str(folder)}


def test_a_machine_that_cannot_build_images_is_told_what_to_install(tmp_path: Path) -> None:
    assert look("container-engine", environment=path(tmp_path)) == Problem(
        "images must be built and there is no docker, finch or podman", "install one, or name another in CDK_DOCKER"
    )


def test_an_engine_that_is_not_started_is_told(tmp_path: Path) -> None:
    found = look("container-engine", environment=path(tmp_path, finch=SLEEPS))
    assert found is not None
    assert found.fix == "start one (finch: Cannot connect to its engine)"


def test_an_engine_that_answers_is_fine(tmp_path: Path) -> None:
    assert look("container-engine", environment=path(tmp_path, podman=ANSWERS)) is None


@pytest.mark.parametrize("own", [{}, {"BUILDX_NO_DEFAULT_ATTESTATIONS": "0"}])
def test_a_deploy_sets_attestations_off_whatever_the_shell_says(own: dict[str, str]) -> None:
    assert look("attestations", environment=own) is None


def test_attestations_that_are_on_are_found() -> None:
    [found] = attested({"BUILDX_NO_DEFAULT_ATTESTATIONS": "0"}, "docker")
    assert found == Problem(
        "BUILDX_NO_DEFAULT_ATTESTATIONS is '0' where docker builds",
        "export BUILDX_NO_DEFAULT_ATTESTATIONS=1, or build with --provenance=false",
    )
    [found] = attested({}, "docker")
    assert found.what == "BUILDX_NO_DEFAULT_ATTESTATIONS is not set where docker builds"


# --- Emulation ------------------------------------------------------------------------------------------------


def handlers(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).write_text("enabled\ninterpreter /usr/bin/qemu\n")
    return folder


def test_an_image_for_another_processor_needs_emulation(tmp_path: Path) -> None:
    machine: dict[str, Any] = {"processor": "x86_64", "architectures": frozenset({"arm64"})}
    found = look("emulation", handlers=tmp_path, **machine)
    assert found is not None
    assert found.fix.startswith("run `docker run --privileged --rm tonistiigi/binfmt --install arm64`")
    assert look("emulation", handlers=handlers(tmp_path, "qemu-aarch64"), **machine) is None


def test_on_an_arm_machine_the_catalogue_is_the_foreign_one(tmp_path: Path) -> None:
    machine: dict[str, Any] = {"processor": "aarch64", "architectures": frozenset({"arm64"})}
    found = look("emulation", handlers=tmp_path, **machine)
    assert found is not None
    assert "--install amd64" in found.fix
    assert look("emulation", handlers=handlers(tmp_path, "qemu-x86_64"), **machine) is None


def test_a_handler_that_is_switched_off_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "qemu-aarch64").write_text("disabled\n")
    assert look("emulation", processor="x86_64", architectures=frozenset({"arm64"}), handlers=tmp_path) is not None


def test_what_another_machine_can_build_is_not_known(tmp_path: Path) -> None:
    with pytest.raises(NotChecked, match="another machine"):
        look(
            "emulation",
            processor="x86_64",
            architectures=frozenset({"arm64"}),
            handlers=tmp_path,
            environment={"DOCKER_HOST": "tcp://builder:2376"},
        )


def test_own_images_need_no_emulation(tmp_path: Path) -> None:
    assert look("emulation", processor="x86_64", architectures=frozenset({"x86_64"}), handlers=tmp_path) is None


# --- The CDK --------------------------------------------------------------------------------------------------


def test_a_command_that_reads_what_the_library_writes_is_fine() -> None:
    package = {"devDependencies": {"@aws-cdk/cloud-assembly-schema": ">=55.5.0"}}
    assert list(unread_schema(package, "2.1148.1", "55.3.0")) == []


def test_an_older_command_does_not_read_what_a_newer_library_writes() -> None:
    [found] = unread_schema({"dependencies": {"@aws-cdk/cloud-assembly-schema": "^54.0.0"}}, "2.1100.0", "55.3.0")
    assert found.what == "aws-cdk 2.1100.0 reads schema 54, and the installed aws-cdk-lib writes 55.3.0"


def test_a_command_that_does_not_say_what_it_reads_is_not_judged() -> None:
    with pytest.raises(NotChecked):
        list(unread_schema({}, "2.1148.1", "55.3.0"))


def test_a_command_that_is_not_installed_yet_is_not_judged(tmp_path: Path) -> None:
    with pytest.raises(NotChecked, match="`make synth` installs it"):
        look("cdk", cache=tmp_path)


def test_the_third_major_version_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(LOCK, tmp_path / "cdk")
    (tmp_path / "cdk" / "package.json").write_text(json.dumps({"dependencies": {"aws-cdk": "3.0.0"}}))
    monkeypatch.setattr(cli.doctor.machine, "CDK_LOCK", tmp_path / "cdk")
    assert look("cdk") == Problem("local/cdk/package.json asks for aws-cdk 3.0.0", "pin one version of aws-cdk 2 there")


def test_node_is_here_and_an_old_one_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert look("node") is None
    path(tmp_path, node="#!/bin/sh\necho v16.20.2\n")
    monkeypatch.setattr(cli.doctor.machine, "node_folder", lambda: tmp_path)
    found = look("node", environment={"PATH": "/usr/bin:/bin"})
    assert found is not None
    assert found.what == "node is v16.20.2, and the CDK needs 20 or later"


# --- Packages and disk ----------------------------------------------------------------------------------------


def test_what_is_installed_is_what_the_lock_pins() -> None:
    assert look("requirements") is None


def test_packages_of_other_versions_are_named(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.txt"
    pinned = (REPOSITORY / "infra/requirements.txt").read_text()
    lock.write_text(
        f"boto3==0.1 \\\n    --hash=sha256:0\nno-such-package==1.0 \\\ncolourless==1 ; sys_platform == 'x' \\\n{pinned}"
    )
    found = look("requirements", lock=lock)
    assert found is not None
    assert "no-such-package is missing" in found.what
    assert "colourless" not in found.what


def test_outside_of_a_checkout_packages_are_not_judged(tmp_path: Path) -> None:
    with pytest.raises(NotChecked):
        look("requirements", lock=tmp_path / "requirements.txt")


def test_a_full_disk_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")  # noqa: PYI024 - shutil's own
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**10, 9 * 10**9, 10**9))
    found = look("disk", cache=CACHE / "not" / "there")
    assert found is not None
    assert found.what.startswith("1.0 GB are free at ")
