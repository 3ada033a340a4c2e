"""Memory of a model with large weights: ``python -m tests.integration.engine_c_api.mapping load|map FILE``.

Standard output is how many bytes of its own the process has taken to open the model and to run it once.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from serin.engine import EngineOptions, Session
from serin.protocol import Datatype
from serin.tensor import Tensor


def own_bytes() -> int:
    """Resident memory that is no file's (``RssAnon``, in kB)."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon:")) * 1024


def main(way: str, file: str) -> None:
    before = own_bytes()
    options = EngineOptions()
    session = Session.load(Path(file).read_bytes(), options) if way == "load" else Session.map(file, options)
    (x,) = session.inputs
    session.run({"x": Tensor(Datatype.FP32, (1, x.shape[1]), bytes(4 * x.shape[1]))}, ["y"], time.monotonic() + 60)
    sys.stdout.write(str(own_bytes() - before))


if __name__ == "__main__":
    main(*sys.argv[1:])
