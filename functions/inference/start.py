"""The image's program: Lambda's runtime client, and ONNX Runtime beside it from the first moment."""

import gc
import os
import sys

gc.disable()  # the handler lets it go on: what a start makes is there to stay
sys.path[0] = os.getcwd()  # as `python -m` has it

import functions.inference.ahead  # noqa: F401 - for what it does
from awslambdaric.__main__ import main

main(sys.argv)
