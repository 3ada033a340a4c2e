"""Releases as the control plane shows them, to callers that API Gateway knows by their signature.

- ``history``: the records of a model, newest first, where they can be read;
- ``schemas``: bodies of the answers; ``answers`` makes them of records, ``examples`` for the OpenAPI document;
- ``queries``: what may stand behind the question mark, and whose request it is;
- ``routes``: the two routes.
"""
