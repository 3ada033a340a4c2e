"""The generated parts of docs/: `python .ci/docs.py write` makes them anew, `python .ci/docs.py check` compares.

Some pages are generated whole, others hold a generated part between two comments.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

from cli.doctor.checks import checks_table
from cli.reference import manifest_reference_text
from cli.schema import manifest_schema_text
from infra.cold_starts import EXAMPLE, markdown

DOCS: Final = Path(__file__).resolve().parents[1] / "docs"
PARTS: Final = {
    DOCS / "cold-starts.md": ("cold-starts", markdown(EXAMPLE)),
    DOCS / "doctor.md": ("doctor", checks_table()),
}


def main(arguments: list[str]) -> int:
    """``write`` or ``check``; 0 when all is well."""
    pages = {DOCS / "model.schema.json": manifest_schema_text(), DOCS / "manifest.md": manifest_reference_text()}
    pages |= {page: with_part(page.read_text(), name, part) for page, (name, part) in PARTS.items()}
    if arguments == ["write"]:
        for page, text in pages.items():
            page.write_text(text)
        return 0
    stale = [page for page, text in pages.items() if not page.is_file() or page.read_text() != text]
    for page in stale:
        print(f"docs/{page.name} is not what the code says; run `make docs`", file=sys.stderr)  # noqa: T201
    return 1 if stale else 0


def with_part(page: str, name: str, part: str) -> str:
    """``page`` with ``part`` between the comments that ``name`` it."""
    begin, end = f"<!-- generated: {name} -->\n", "<!-- end -->"
    return re.sub(f"(?<={re.escape(begin)}).*?(?={re.escape(end)})", lambda _: f"\n{part}\n", page, flags=re.DOTALL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
