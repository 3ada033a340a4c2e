"""Trained models of each framework, as ``Source``s. One module a framework, imported when a file asks for it."""

from cli.packaging.sources.opening import SUFFIXES, open_source

__all__ = ["SUFFIXES", "open_source"]
