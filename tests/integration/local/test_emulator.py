"""The emulator as a process: it starts, it answers, it goes."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

from local.clients import client
from local.emulator import LOCK, Emulator, EmulatorSettings
from local.errors import LocalError
from local.paths import REPOSITORY
from local.ports import LOOPBACK, is_open
from local.venvs import locked_python


def launch(program: str) -> subprocess.CompletedProcess[str]:
    """A program in the emulator's own environment."""
    python = locked_python("ministack", LOCK)
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY)}
    return subprocess.run([python, "-c", program], capture_output=True, text=True, check=False, env=environment)


def test_the_account_and_region_are_those_of_the_settings() -> None:
    with Emulator(EmulatorSettings(account="111122223333", region="eu-central-1")) as emulator:
        assert client(emulator, "sts").get_caller_identity()["Account"] == "111122223333"
        topic = client(emulator, "sns").create_topic(Name="t")["TopicArn"]
        assert topic == "arn:aws:sns:eu-central-1:111122223333:t"


def test_nothing_listens_and_no_file_is_left_after_the_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with Emulator() as emulator:
        assert is_open(emulator.port)
        assert list(tmp_path.iterdir()), "the emulator keeps its files in the temporary folder"
    assert not is_open(emulator.port)
    assert list(tmp_path.iterdir()) == []


def test_a_taken_port_is_one_clear_line_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LocalError, match=f"port {port} is taken"), Emulator(EmulatorSettings(port=port)):
            pytest.fail("the emulator started on a port of another program")
    assert list(tmp_path.iterdir()) == []


def test_another_version_of_the_emulator_is_one_clear_line() -> None:
    result = launch(
        "from local.launcher import patching; patching.VERSION = '0.0.1'\n"
        "from local.launcher.__main__ import main; raise SystemExit(main())"
    )
    assert result.returncode == 2
    assert result.stderr == "ministack is 1.5.33; the lessons of local/launcher are written for 0.0.1\n"


def test_a_missing_private_name_is_one_clear_line() -> None:
    result = launch(
        "from ministack.services import ecr; del ecr._describe_images\n"
        "from local.launcher.__main__ import main; raise SystemExit(main())"
    )
    assert result.returncode == 2
    assert result.stderr.splitlines()[-1] == (
        "ministack 1.5.33: ministack.services.ecr has no _describe_images; a lesson of local/launcher needs it"
    )
