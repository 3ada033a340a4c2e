"""Releases: what is observed of two versions, and what is concluded from it.

Standard library alone: it runs on the layer.

- ``window``: what one version did in a stretch of time;
- ``judgement``: verdicts and the evidence for them;
- ``policy``: margins, and the risks of being wrong;
- ``sequences``: bounds that hold at every look; ``latency`` and ``predictions`` build on them;
- ``judge``: windows and a policy in, a judgement out; ``words`` says why.
"""
