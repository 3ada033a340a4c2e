"""The pinned CDK command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from local.cdk_cli import LOCK, Cdk, cdk_program
from local.errors import LocalError
from local.node import node_folder


def pinned() -> str:
    return str(json.loads((LOCK / "package.json").read_text())["dependencies"]["aws-cdk"])


def test_the_command_that_runs_is_the_one_that_is_pinned(tmp_path: Path) -> None:
    assert Cdk(home=tmp_path, directory=tmp_path).run(["--version"]).startswith(pinned() + " ")


def test_the_lock_checks_every_package_and_names_no_place_it_comes_from() -> None:
    packages = json.loads((LOCK / "package-lock.json").read_text())["packages"]
    fetched = [package for name, package in packages.items() if name]
    assert [package["version"] for package in fetched] == [pinned()]
    assert all(package["integrity"].startswith("sha512-") for package in fetched)
    assert not any("resolved" in package for package in fetched)


def test_it_is_installed_once(tmp_path: Path) -> None:
    first = cdk_program(tmp_path)
    stamp = first.stat().st_ctime_ns
    assert cdk_program(tmp_path) == first
    assert first.stat().st_ctime_ns == stamp


def test_a_folder_without_an_app_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match=r"^cdk synth: --app is required"):
        Cdk(home=tmp_path, directory=tmp_path).run(["synth"])


def test_node_stands_where_it_is_said_to_stand() -> None:
    assert (node_folder() / "node").is_file()
