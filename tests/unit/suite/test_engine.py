"""What tests of images do on a machine that cannot build any."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.engine import need_images


def test_a_machine_that_cannot_build_images_skips_and_says_what_it_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="needs podman and debootstrap"):
        need_images()


def test_nothing_is_skipped_in_ci(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CI", "1")
    need_images()
