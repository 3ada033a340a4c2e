"""Releases: what is observed of two versions, what is concluded from it, and what is done then.

Standard library alone: it runs on the layer.

- ``window``: what one version did in a stretch of time; ``prediction_log`` counts it out of the runtime's log;
- ``admission``: whether a version may have traffic at all, by golden requests;
- ``judgement``: verdicts and the evidence for them; ``policy`` says by which margins and risks ``judge`` comes to them;
- ``sequences``: bounds that hold at every look; ``latency`` and ``predictions`` build on them;
- ``words``: a verdict for people;
- ``record``: what is kept of a release; ``items`` writes it down, ``table`` finds it again;
- ``orders``: what people ask of it, checked;
- ``steps``: what is to be done next, as a pure function; ``controller`` does it.
"""
