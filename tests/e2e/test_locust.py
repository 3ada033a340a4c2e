"""The Locust file, run by Locust against a server on loopback."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

from tests.serving import serving


def locust(repository: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "locust", "--locustfile", "benchmarks/locustfile.py", "--headless", *options]
    return subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False, timeout=60)


def test_users_send_golden_cases_and_cold_starts_are_counted_apart(repository: Path, tmp_path: Path) -> None:
    options = ["--model", "diabetes", "--users", "3", "--spawn-rate", "3", "--run-time", "3s"]
    with serving(repository / "models") as served:
        done = locust(repository, "--host", served.url, *options, "--csv", str(tmp_path / "load"))
    assert done.returncode == 0, done.stderr
    written = (tmp_path / "load_stats.csv").read_text().splitlines()
    rows = {row["Name"]: row for row in csv.DictReader(written)}
    assert int(rows["predict, cold"]["Request Count"]) == 1
    assert int(rows["predict"]["Request Count"]) >= 1
    assert int(rows["Aggregated"]["Failure Count"]) == 0


def test_bad_answers_are_failures_and_end_with_an_exit_code(repository: Path) -> None:
    options = ["--model", "diabetes", "--users", "1", "--run-time", "2s"]
    with serving(repository / "models") as served:
        done = locust(repository, "--host", f"{served.url}/nowhere", *options)
    assert done.returncode == 1
    assert "404" in done.stdout + done.stderr


def test_every_option_that_the_page_types_exists(repository: Path) -> None:
    page = (repository / "docs" / "cold-starts.md").read_text()
    [typed] = [line.split() for line in page.splitlines() if line.startswith(".venv/bin/locust ")]
    own = (repository / "benchmarks" / "locustfile.py").read_text()  # Locust's help has its own options alone
    known = locust(repository, "--help").stdout + own
    options = [word for word in typed if word.startswith("--")]
    assert len(options) >= 5
    assert all(f" {option} " in known or f'"{option}"' in known for option in options)
