"""Variants of a model that are smaller or faster, and whether they still answer as it does: `serin optimize`.

- ``options``: what the command line asks for; ``rows``: what the variants are asked;
- ``variants``: how each is made; ``variant_process`` makes one in a process of its own, ``making`` sees to all;
- ``measure``: how large and fast each is; ``measure_process`` measures one in a process of its own;
- ``gates``: whether a variant may take the model's place; ``metric`` and ``invariance`` are two of its questions;
- ``choose``: the rule of ``--auto``; ``report``: all of it as a table or as JSON;
- ``write``: the winner into the model folder, or nothing;
- ``optimize``: the flow.
"""
