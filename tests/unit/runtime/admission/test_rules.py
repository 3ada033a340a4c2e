from __future__ import annotations

from pathlib import Path

from serin.admission.rules import RULES
from tests.integration.admission.hostile import BEHIND_THE_RULES, OPENED, STATIC


def test_every_rule_has_a_name_of_its_own() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)


def test_the_page_shows_the_table(repository: Path) -> None:
    rows = [f"| `{rule.name}` | {rule.refuses} | {rule.because} | {rule.remedy} |" for rule in RULES]
    head = ["| rule | refuses | because | what to do |", "| --- | --- | --- | --- |"]
    assert "\n".join([*head, *rows]) in (repository / "docs" / "admission.md").read_text()


def test_every_rule_on_a_model_file_refuses_some_real_file() -> None:
    refused = {case.rule for case in (*STATIC, *OPENED, *BEHIND_THE_RULES)}
    on_files_beside = {"folder", "files", "signed", "unlisted", "signature"}
    assert refused >= {rule.name for rule in RULES} - on_files_beside - {"memory"}
