"""From a trained model to a model folder, with proof that nothing changed on the way: `serin package`.

- ``source``: what a trained model of any framework is to the rest; ``sources``: one module a framework, and who opens
  what;
- ``rows``: the data, read; ``features``: what can be said of its columns;
- ``graph``: ONNX models cut to what is served, with the same bytes each time;
- ``parity``: the source's answers beside the artifact's; ``golden`` and ``baseline``: what of them is kept;
- ``manifest_text``: model.yaml, for a person to edit; ``folder``: all of it written, or nothing;
- ``package``: the flow.
"""
