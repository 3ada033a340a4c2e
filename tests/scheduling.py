"""Which tests share a process in a parallel run, and which begin first.

A module's tests stay together, so that what they share is made once. Modules that share something costly stay together
too, in their order. (pytest-xdist's own `xdist_group` is without effect under pytest 9.2: it renames tests by an
attribute that pytest no longer reads.)
"""

from __future__ import annotations

from typing import Any, Final

import pytest
from xdist.scheduler import LoadScopeScheduling

# Path -> what its tests share. The longest come first, so that none is left over at the end.
SHARED: Final = {
    "tests/integration/aws/": "the deployed app",
    "tests/infra/": "the synthesised stages",
    "tests/e2e/test_deploy_local.py": "a stage on this machine",
    "tests/integration/test_images.py": "the built images",
    "tests/integration/test_sbom.py": "the built images",
    "tests/integration/local/": "the emulator",
}


def scope(nodeid: str) -> str:
    """The name of the unit of work that a test belongs to."""
    module = nodeid.partition("::")[0]
    return next((shared for path, shared in SHARED.items() if module.startswith(path)), module)


class ByWhatIsShared(LoadScopeScheduling):  # type: ignore[misc] # xdist is untyped
    """Whole units, in the order of the tests."""

    def _split_scope(self, nodeid: str) -> str:
        return scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByWhatIsShared:
    """For every parallel run."""
    config.option.loadscopereorder = False
    return ByWhatIsShared(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, the others as they were."""
    units = list(dict.fromkeys(SHARED.values()))
    items.sort(key=lambda item: units.index(unit) if (unit := scope(item.nodeid)) in units else len(units))
