"""Tiny real models: ONNX graphs of a few nodes, in folders as people write them.

``catalogue`` holds the models, ``SmallModel.write`` makes the folder, ``loaded`` goes on to a service.
"""

from tests.small_models.folder import SmallModel, loaded

__all__ = ["SmallModel", "loaded"]
