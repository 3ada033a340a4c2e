"""Figures that tests measured, shown at the end of a run: a test records them as its property ``figure``.

Properties travel from the workers of a parallel run to the process that prints.
"""

from __future__ import annotations

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print one line a figure."""
    figures = sorted(
        str(value)
        for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
        for name, value in getattr(report, "user_properties", ())
        if name == "figure" and report.when == "call"
    )
    if figures:
        terminalreporter.section("figures")
        for figure in figures:
            terminalreporter.line(figure)
