"""The protocol's datatypes, held against numpy's."""

from __future__ import annotations

from typing import Any, Final

import ml_dtypes
import numpy as np
import pytest

from serin.protocol import Datatype
from tests.unit.runtime.numpy_types import NUMPY

NUMBERS: Final = {datatype: kind for datatype, kind in NUMPY.items() if datatype is not Datatype.BOOL}


@pytest.mark.parametrize("datatype", NUMBERS)
def test_sizes_and_limits_are_those_of_the_machines_numbers(datatype: Datatype) -> None:
    kind = NUMPY[datatype]
    limits: Any = ml_dtypes.finfo(kind) if datatype.is_float else np.iinfo(kind)  # type: ignore[no-untyped-call]
    assert datatype.itemsize == np.dtype(kind).itemsize
    assert datatype.limits == (limits.min, limits.max)


@pytest.mark.parametrize(("datatype", "size"), [(Datatype.BOOL, 1), (Datatype.BYTES, None)])
def test_flags_and_texts_have_no_limits(datatype: Datatype, size: int | None) -> None:
    assert (datatype.itemsize, datatype.limits, datatype.is_float) == (size, None, False)


def test_every_datatype_is_one_of_these() -> None:
    assert set(Datatype) == {*NUMPY, Datatype.BYTES}
