from __future__ import annotations

from pathlib import Path

import pytest

from local.builder import builder, builder_environment
from local.errors import LocalError

ANSWERS = "#!/bin/sh\nexit 0\n"
SLEEPS = "#!/bin/sh\necho 'Cannot connect to its engine' >&2\nexit 1\n"
ONLY_A_CLIENT = """#!/bin/sh
test "$1" = version || exit 0
echo 'Cannot connect to the Docker daemon' >&2
exit 1
"""


def machine(folder: Path, **programs: str) -> dict[str, str]:
    """The environment of a machine with ``programs`` and nothing else on its path."""
    for name, text in programs.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return {"PATH": str(folder)}


def test_a_machine_with_podman_only_needs_no_setting(tmp_path: Path) -> None:
    assert builder(machine(tmp_path, podman=ANSWERS)) == "podman"


def test_docker_comes_first(tmp_path: Path) -> None:
    assert builder(machine(tmp_path, podman=ANSWERS, finch=ANSWERS, docker=ANSWERS)) == "docker"


def test_a_client_without_its_engine_is_passed_over(tmp_path: Path) -> None:
    assert builder(machine(tmp_path, docker=ONLY_A_CLIENT, podman=ANSWERS)) == "podman"


def test_an_engine_that_is_not_started_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(LocalError) as error:
        builder(machine(tmp_path, docker=ONLY_A_CLIENT, finch=SLEEPS))
    assert str(error.value) == (
        "no container engine runs, and images must be built; start one "
        "(docker: Cannot connect to the Docker daemon; finch: Cannot connect to its engine)"
    )


def test_no_program_at_all_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(LocalError) as error:
        builder(machine(tmp_path))
    assert str(error.value) == (
        "images must be built and there is no docker, finch or podman; install one, or name another in CDK_DOCKER"
    )


def test_the_program_that_is_named_is_taken(tmp_path: Path) -> None:
    surroundings = machine(tmp_path, docker=ANSWERS, own=ANSWERS)
    assert builder(surroundings | {"CDK_DOCKER": "own"}) == "own"
    assert builder(surroundings | {"CDK_DOCKER": str(tmp_path / "own")}) == str(tmp_path / "own")


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("nope", "CDK_DOCKER=nope: the program is not installed"),
        ("finch", "CDK_DOCKER=finch: Cannot connect to its engine"),
    ],
)
def test_a_named_program_that_cannot_work_is_one_line(tmp_path: Path, named: str, said: str) -> None:
    surroundings = machine(tmp_path, docker=ANSWERS, finch=SLEEPS)
    with pytest.raises(LocalError) as error:
        builder(surroundings | {"CDK_DOCKER": named})
    assert str(error.value) == said


def test_images_carry_no_attestations_which_lambda_refuses() -> None:
    assert builder_environment("docker") == {"CDK_DOCKER": "docker", "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}
