"""`serin show`: a model folder as a card for people.

``facts`` gathers what the folder says; ``outline`` puts it into words and order, as ``sections``, the same for both
faces; ``text`` and ``html`` are the faces, the latter with ``style`` and the pictures of ``histogram``; ``show`` is the
command.
"""
