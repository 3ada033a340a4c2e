"""Arguments that several modules of commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

MODELS: Final = Path("models")


def complete_model(incomplete: str) -> list[str]:
    """Names for the shell's completion, from the models folder of the working directory."""
    return sorted(file.parent.name for file in Path("models").glob(f"{incomplete}*/model.yaml"))


Models = Annotated[
    Path, typer.Option("--models", metavar="DIR", envvar="SERIN_MODELS", help="Folder that holds the model folders.")
]
Model = Annotated[str, typer.Argument(metavar="MODEL", help="Name of the model.", autocompletion=complete_model)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for a script to read.")]
