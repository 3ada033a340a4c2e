from __future__ import annotations

import pytest

from serin.admission import seconds_for


@pytest.mark.parametrize(("size", "seconds"), [(0, 10), (9_999_999, 10), (10_000_000, 11), (2_000_000_000, 210)])
def test_small_models_have_ten_seconds_and_large_ones_more(size: int, seconds: float) -> None:
    assert seconds_for(size) == seconds
