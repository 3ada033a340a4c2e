"""How properties are tried: the same cases on every run, and none is judged by its time."""

from __future__ import annotations

from typing import Final

from hypothesis import settings

tried: Final = settings(max_examples=150, deadline=None, derandomize=True, database=None)
"""Decorates a test of a property."""
