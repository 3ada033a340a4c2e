"""The image's program: ONNX Runtime, and Lambda's runtime client beside it.

Imported as a module it does all but run the client: what comes next then starts as in the image.
"""

import gc
import sys

gc.disable()  # the handler lets it go on: what a start makes is there to stay
sys.path[0] = sys.path[0].removesuffix("/functions/inference")  # as `python -m` would have it there

from functions.inference.bundle import install

install(f"{sys.path[0]}/start.bundle")

import serin.engine  # noqa: F401 - first, as ONNX Runtime then begins while the rest is imported

if __name__ == "__main__":
    from awslambdaric.__main__ import main

    main(sys.argv)
