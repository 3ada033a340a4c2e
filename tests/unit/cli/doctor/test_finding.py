from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cli.doctor.checks import GROUPS, checks_table
from cli.doctor.finding import Check, Examiner, Finding, NotChecked, Problem, Severity, Unchecked, judge, not_checked

ERROR = Check("heat", Severity.ERROR, "more than 40 degrees", "it melts", "cool it")


def look(degrees: int) -> Iterator[Problem]:
    if degrees < 0:
        raise NotChecked("the thermometer is frozen")
    if degrees > 40:
        yield Problem(f"it has {degrees} degrees", "cool it to 40")


HEAT = [Examiner(ERROR, look)]


def test_a_problem_becomes_a_finding_with_its_checks_reason() -> None:
    assert judge(HEAT, "oven", 50) == [
        Finding("heat", Severity.ERROR, "oven", "it has 50 degrees", "it melts", "cool it to 40")
    ]


def test_no_problem_is_no_result() -> None:
    assert judge(HEAT, "oven", 20) == []


def test_findings_can_be_held_to_warnings() -> None:
    [finding] = judge(HEAT, "oven", 50, at_most=Severity.WARNING)
    assert isinstance(finding, Finding)
    assert finding.severity is Severity.WARNING


def test_what_cannot_be_checked_is_told_and_never_passed_over() -> None:
    assert judge(HEAT, "oven", -1) == [Unchecked("heat", "oven", "the thermometer is frozen")]
    assert not_checked(HEAT, "oven", "it is locked") == [Unchecked("heat", "oven", "it is locked")]


def test_every_check_has_a_name_of_its_own_and_says_all_it_must() -> None:
    checks = [check for group in GROUPS.values() for check in group]
    assert len({check.name for check in checks}) == len(checks)
    assert all(check.finds and check.why and check.fix for check in checks)


def test_the_page_shows_the_table(repository: Path) -> None:
    assert checks_table() in (repository / "docs" / "doctor.md").read_text()
