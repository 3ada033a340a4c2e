from __future__ import annotations

from dataclasses import replace

import pytest

from functions.release.versions import Released, rank
from serin.release.orders import Refused
from serin.release.record import Release, Settings, Status, begin


def release(stable: str, new: str, model_version: str, status: Status, stable_model_version: str = "0.9.0") -> Release:
    begun = begin(
        model="m",
        number=1,
        cause="c",
        stable=stable,
        new=new,
        model_version=model_version,
        stable_model_version=stable_model_version,
        settings=Settings(),
        now=1.0,
        by="ada",
    )
    return replace(begun, status=status)


RELEASED = Released(
    "m",
    [
        release("9", "11", "1.2.0", Status.REFUSED),
        release("2", "10", "1.2.0", Status.ROLLED_BACK),
        release("2", "9", "1.1.0", Status.PROMOTED),
    ],
)


def test_numbers_are_compared_as_numbers() -> None:
    assert RELEASED.newest() == "11"
    assert rank("$LATEST") < rank("1") < rank("9") < rank("10")


def test_a_version_that_was_only_ever_the_stable_one_is_known() -> None:
    assert (RELEASED.named("2"), RELEASED.named("0.9.0")) == ("2", "2")
    assert RELEASED.model_version("2") == "0.9.0"


@pytest.mark.parametrize("served", [True, False])
def test_a_model_version_that_never_served_means_its_newest(*, served: bool) -> None:
    assert RELEASED.named("1.2.0", served=served) == "11"


def test_nothing_was_released_yet() -> None:
    with pytest.raises(Refused, match="m has no release yet"):
        Released("m", []).newest()
