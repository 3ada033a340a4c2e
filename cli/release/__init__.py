"""`serin release`: releases before they are trusted.

- ``draws``: exact random counts without numpy;
- ``traffic``: what versions do, and the windows that are seen of them;
- ``schedules``: how a new version gets its traffic, judged or by the clock;
- ``outcomes``: many simulated releases of one scenario, added up;
- ``table``: the figures as text, JSON and a picture; ``proof``: every scenario at every traffic;
- ``options``: what the command line says; ``simulate``: the command.
"""
