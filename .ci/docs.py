"""The generated pages of docs/: `python .ci/docs.py write` makes them anew, `python .ci/docs.py check` compares."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from cli.reference import manifest_reference_text
from cli.schema import manifest_schema_text

DOCS: Final = Path(__file__).resolve().parents[1] / "docs"


def main(arguments: list[str]) -> int:
    """``write`` or ``check``; 0 when all is well."""
    pages = {DOCS / "model.schema.json": manifest_schema_text(), DOCS / "manifest.md": manifest_reference_text()}
    if arguments == ["write"]:
        for page, text in pages.items():
            page.write_text(text)
        return 0
    stale = [page for page, text in pages.items() if not page.is_file() or page.read_text() != text]
    for page in stale:
        print(f"docs/{page.name} is not what the code says; run `make docs`", file=sys.stderr)  # noqa: T201
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
