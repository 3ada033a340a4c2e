"""What numpy calls the protocol's datatypes."""

from __future__ import annotations

from typing import Any, Final

import ml_dtypes
import numpy as np

from serin.protocol import Datatype

NUMPY: Final[dict[Datatype, Any]] = {
    Datatype.BOOL: np.bool_,
    Datatype.UINT8: np.uint8,
    Datatype.UINT16: np.uint16,
    Datatype.UINT32: np.uint32,
    Datatype.UINT64: np.uint64,
    Datatype.INT8: np.int8,
    Datatype.INT16: np.int16,
    Datatype.INT32: np.int32,
    Datatype.INT64: np.int64,
    Datatype.FP16: np.float16,
    Datatype.FP32: np.float32,
    Datatype.FP64: np.float64,
    Datatype.BF16: ml_dtypes.bfloat16,
}
"""All but ``BYTES``."""
