"""Moves the alias of a model to the version that a deploy has published."""
