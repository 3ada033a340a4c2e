"""Releases: what is observed of two versions, and what is concluded. Standard library alone: it runs on the layer.

- ``window``: what one version did in a stretch of time;
- ``judgement``: verdicts and the evidence for them.
"""
