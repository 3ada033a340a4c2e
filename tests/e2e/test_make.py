"""The verbs of the Makefile, in a copy of the project whose .venv is a stand-in that leads to this environment."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.serving import welcome

FILES = (
    "Makefile",
    ".ci/environment",
    "pyproject.toml",
    "layers/runtime/pyproject.toml",
    "requirements.txt",
    "infra/requirements.txt",
    "tests/requirements.txt",
    "tests/torch-requirement.txt",
)
TOOLS = ("sh", "cat", "cksum", "tr", "dirname", "touch", "sed", "printf", "make")
RECORDING_PYTHON = '#!/bin/sh\necho "$@" >> "$(dirname "$0")/../../calls"\n'
SERIN = f'#!/bin/sh\nexec "{sys.executable}" -c "from cli.main import main; main()" "$@"\n'


def executable(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(0o755)


@pytest.fixture
def project(repository: Path, tmp_path: Path) -> Path:
    """A copy without an environment."""
    copy = tmp_path / "project"
    for file in FILES:
        (copy / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(repository / file, copy / file)
    return copy


@pytest.fixture
def environment(project: Path) -> Path:
    """A .venv whose Python writes down how it is called, and whose `serin` is the real one."""
    executable(project / ".venv/bin/python", RECORDING_PYTHON)
    executable(project / ".venv/bin/serin", SERIN)
    return project


def make(project: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", *arguments],
        cwd=project,
        env={"PATH": os.environ["PATH"], "HOME": str(project)} | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def installed(project: Path) -> list[str]:
    """What pip was asked to install since the last look."""
    calls = project / "calls"
    lines = calls.read_text().splitlines() if calls.exists() else []
    calls.unlink(missing_ok=True)
    return [line.split("install ", 1)[1] for line in lines if " install " in line]


def only(tools: Path, **interpreters: str) -> str:
    """A PATH on which there is nothing but a few tools and ``interpreters``."""
    tools.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found is not None
        (tools / tool).symlink_to(found)
    for name, text in interpreters.items():
        executable(tools / name, text)
    return str(tools)


def test_make_alone_lists_the_verbs(project: Path) -> None:
    verbs = [line.split()[1] for line in make(project).stdout.splitlines()]
    assert {"serve", "test", "check", "lock", "models", "docs", "clean", "deploy", "deploy-local"} <= set(verbs)


def test_the_first_start_installs_the_lock_and_the_packages(environment: Path) -> None:
    make(environment, "serving")
    assert installed(environment) == [
        "--require-hashes --requirement requirements.txt",
        "--no-deps --no-build-isolation --editable layers/runtime --editable .",
    ]


def test_the_second_start_installs_nothing(environment: Path) -> None:
    make(environment, "serving")
    installed(environment)
    done = make(environment, "serving")
    assert (done.returncode, done.stderr, installed(environment)) == (0, "", [])


def test_what_no_lock_can_hold_is_installed_after_the_lock_and_only_for_the_tests(environment: Path) -> None:
    make(environment, "testing")
    assert installed(environment) == [
        "--require-hashes --requirement requirements.txt",
        "--require-hashes --requirement tests/requirements.txt",
        "--requirement tests/torch-requirement.txt",
        "--no-deps --no-build-isolation --editable layers/runtime --editable .",
    ]
    make(environment, "testing")
    assert installed(environment) == []
    (environment / "tests/torch-requirement.txt").write_text("torch==2.14.0\n")
    make(environment, "serving")
    assert installed(environment) == []
    make(environment, "testing")
    assert "--requirement tests/torch-requirement.txt" in installed(environment)


def test_the_tests_need_what_serving_needs_and_serving_no_more_after_them(environment: Path) -> None:
    make(environment, "testing")
    assert "--require-hashes --requirement tests/requirements.txt" in installed(environment)
    make(environment, "serving")
    assert installed(environment) == []


def test_what_deploys_is_installed_when_it_is_asked_for(environment: Path) -> None:
    make(environment, "deploying")
    assert "--require-hashes --requirement infra/requirements.txt" in installed(environment)


def test_each_set_of_packages_is_installed_once_in_whatever_order_verbs_are_called(environment: Path) -> None:
    for target in ("serving", "deploying", "testing"):
        make(environment, target)
    installed(environment)
    for target in ("deploying", "serving", "testing", "serving", "deploying"):
        make(environment, target)
        assert installed(environment) == []


VERBS_OF_A_STAGE = ("synth", "diff", "bootstrap", "deploy", "destroy")


@pytest.mark.parametrize("verb", VERBS_OF_A_STAGE)
def test_a_verb_of_a_stage_passes_on_which_stage_and_what_to_ask(environment: Path, verb: str) -> None:
    assert make(environment, verb).returncode == 0
    assert make(environment, verb, "STAGE=prod", "APPROVAL=never").returncode == 0
    calls = [line for line in (environment / "calls").read_text().splitlines() if line.startswith("-m local")]
    assert calls == [f"-m local.stage {verb} dev broadening", f"-m local.stage {verb} prod never"]


def test_a_stage_whose_name_holds_a_blank_is_one_word(environment: Path) -> None:
    make(environment, "deploy-local", "STAGE=a b; c")
    assert (environment / "calls").read_text().splitlines()[-1] == "-m local.trial a b; c"


@pytest.mark.parametrize("file", ["requirements.txt", "pyproject.toml", "layers/runtime/pyproject.toml"])
def test_a_changed_lock_or_package_is_installed(environment: Path, file: str) -> None:
    make(environment, "serving")
    installed(environment)
    with (environment / file).open("a") as text:
        text.write("# changed\n")
    make(environment, "serving")
    assert len(installed(environment)) == 2


def test_going_back_to_an_earlier_lock_installs_that_one_again(environment: Path) -> None:
    lock = environment / "requirements.txt"
    earlier = lock.read_text()
    for text in (earlier, earlier + "# later\n", earlier):
        lock.write_text(text)
        make(environment, "serving")
        assert len(installed(environment)) == 2


def test_a_folder_that_moved_is_installed_anew_as_scripts_know_their_place(environment: Path) -> None:
    make(environment, "serving")
    moved = environment.rename(environment.with_name("moved"))
    installed(moved)
    make(moved, "serving")
    assert len(installed(moved)) == 2


def test_an_installation_that_failed_is_tried_again(environment: Path) -> None:
    executable(environment / ".venv/bin/python", RECORDING_PYTHON + 'test "$5" != install\n')
    assert make(environment, "serving").returncode != 0
    executable(environment / ".venv/bin/python", RECORDING_PYTHON)
    installed(environment)
    assert make(environment, "serving").returncode == 0
    assert len(installed(environment)) == 2


def test_a_python_that_is_too_old_is_one_clear_line(project: Path, tmp_path: Path) -> None:
    old = '#!/bin/sh\ncase "$2" in *version_info*) exit 1;; *) echo "python3 is 3.9.2";; esac\n'
    done = make(project, "serving", PATH=only(tmp_path / "bin", python3=old))
    assert done.stdout == ""
    assert done.stderr.splitlines()[0] == (
        "serin: Python 3.11 or newer is needed and python3 is 3.9.2; "
        "install it, e.g. `apt install python3.11 python3.11-venv`"
    )
    assert not (project / ".venv").exists()


def test_no_python_at_all_is_one_clear_line(project: Path, tmp_path: Path) -> None:
    done = make(project, "serving", PATH=only(tmp_path / "bin"))
    assert done.stderr.startswith("serin: Python 3.11 or newer is needed and there is no python3; install it")


def test_a_python_without_venv_is_one_clear_line(project: Path, tmp_path: Path) -> None:
    bare = '#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; *print*) echo python3.11-venv;; esac\n'
    done = make(project, "serving", PATH=only(tmp_path / "bin", **{"python3.11": bare}))
    assert done.stderr.startswith(
        "serin: python3.11 has no venv module; install it, e.g. `apt install python3.11-venv`"
    )
    assert not (project / ".venv").exists()


def test_control_c_ends_make_serve_and_its_port_is_the_one_asked_for(environment: Path, small_models: Path) -> None:
    small_models.rename(environment / "models")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        ["make", "serve"],
        cwd=environment,
        env={"PATH": os.environ["PATH"], "PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert welcome(process)[0] == f"Serin serves http://127.0.0.1:{port}\n"
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/health/ready", timeout=5) as ready:
            assert ready.status == 200
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=10)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    assert "Traceback" not in errors
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port)).close()
