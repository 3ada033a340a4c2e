from __future__ import annotations

import re
import tomllib
from pathlib import Path


def test_every_direct_dependency_is_explained_and_nothing_else(repository: Path) -> None:
    stated: set[str] = set()
    for file in ("pyproject.toml", "layers/runtime/pyproject.toml"):
        project = tomllib.loads((repository / file).read_text())
        groups = project.get("dependency-groups", {}).values()
        for requirement in [*project["project"]["dependencies"], *(line for group in groups for line in group)]:
            stated.add(re.split(r"[\[<>=~! ]", requirement, maxsplit=1)[0])
    stated.add((repository / "tests" / "torch-requirement.txt").read_text().partition("==")[0])
    page = (repository / "docs" / "dependencies.md").read_text()
    rows = re.findall(r"^\| ([a-z0-9, -]+) \| [^|]+ \| [^|]+ \|$", page, re.MULTILINE)
    explained = [name for row in rows for name in row.split(", ") if name != "package"]
    assert sorted(explained) == sorted(stated)
