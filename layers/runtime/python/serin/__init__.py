"""Serin's runtime: one trained model behind one typed, observed endpoint.

Imports run one way: ``protocol``, ``manifest``, ``errors`` <- ``tensor``, ``codecs``, ``engine``
<- ``service`` <- ``rest`` and the other transports <- ``functions/*``.
"""
