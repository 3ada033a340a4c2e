"""The image's program: Lambda's runtime client, with ONNX Runtime beside it from the first moment."""

import gc
import sys

gc.disable()  # the handler lets it go on: what a start makes is there to stay
sys.path[0] = sys.path[0].removesuffix("/functions/inference")  # as `python -m` would have it there

from functions.inference.bundle import install

install(f"{sys.path[0]}/start.bundle")

import functions.inference.ahead  # noqa: F401 - for what it does
from awslambdaric.__main__ import main

main(sys.argv)
