"""Every check, in the order in which they are made; docs/doctor.md shows this table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from cli.doctor.account import ACCOUNT_CHECKS, CREDENTIALS, PLAN_CHECKS
from cli.doctor.finding import Check, Severity
from cli.doctor.log_line import LOG_CHECKS
from cli.doctor.machine import MACHINE_CHECKS
from cli.doctor.model import MODEL_CHECKS
from cli.doctor.payload import PAYLOAD_CHECKS
from cli.doctor.running import RUNNING_CHECKS

ADMISSION: Final = Check(
    "admission",
    Severity.ERROR,
    "everything that `serin verify` refuses: see [admission](admission.md), which has locales, SnapStart beside "
    "provisioned concurrency, operators and more",
    "the image's build refuses it, too",
    "as the finding says",
)

GROUPS: Final[Mapping[str, Sequence[Check]]] = {
    "The model folder": (
        ADMISSION,
        *(examiner.check for examiner in MODEL_CHECKS),
        *(examiner.check for examiner in PAYLOAD_CHECKS),
        *(examiner.check for examiner in LOG_CHECKS),
    ),
    "The model in action": tuple(examiner.check for examiner in RUNNING_CHECKS),
    "This machine": tuple(examiner.check for examiner in MACHINE_CHECKS),
    "The stage": (
        *(examiner.check for examiner in PLAN_CHECKS),
        CREDENTIALS,
        *(examiner.check for examiner in ACCOUNT_CHECKS),
    ),
}


def checks_table() -> str:
    """The table for a page: a heading and a row a check."""
    lines: list[str] = []
    for title, checks in GROUPS.items():
        lines += [f"### {title}", "", "| check | finds | | because | what to do |", "| --- | --- | --- | --- | --- |"]
        lines += [
            f"| `{check.name}` | {check.finds} | {check.severity} | {check.why} | {check.fix} |" for check in checks
        ]
        lines.append("")
    return "\n".join(lines)
