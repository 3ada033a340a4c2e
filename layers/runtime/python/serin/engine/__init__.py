"""ONNX Runtime behind ``Tensor -> Tensor``. The only room that knows it.

It calls ONNX Runtime's C API through ctypes, so that neither numpy nor the Python binding is imported:

- ``library`` finds and opens the shared library that the wheel carries, and checks its version;
- ``environment`` is the one that ONNX Runtime needs, in the making from the moment of import;
- ``c_api`` is its table of functions; ``status`` turns what they report into exceptions, and ``handle`` owns what they
  make;
- ``options``, ``metadata`` and ``values`` are what goes into a session and a run, and what comes out;
- ``workspace`` is what one run needs, kept for the next; ``session`` puts it together;
- ``optimization`` writes a model as ONNX Runtime has optimised it.
"""

# First of all, for it is made in a thread while what follows is imported.
import serin.engine.environment  # noqa: F401
from serin.engine.library import RUNTIME_VERSION
from serin.engine.optimization import optimize
from serin.engine.options import EngineOptions, is_prepacked
from serin.engine.session import ModelLoadError, Session

__all__ = ["RUNTIME_VERSION", "EngineOptions", "ModelLoadError", "Session", "is_prepacked", "optimize"]
