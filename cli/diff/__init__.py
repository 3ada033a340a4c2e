"""`serin diff`: what changes for clients and for operations when one model takes another's place.

``sides`` finds the two models, ``revision`` those in git's history; ``fields``, ``contract`` and ``operators`` compare
what the folders say; ``turns`` has both answer the same rows, each in processes of its own (``turn_process``), and
``answers`` compares them; ``report`` tells it all, and ``diff`` is the command.
"""
