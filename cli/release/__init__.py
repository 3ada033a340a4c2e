"""`serin release`: releases that are deployed, and releases before they are trusted.

- ``commands``: what the command line says;
- ``remote``: a model's release function, as seen from here;
- ``view``: a release as lines; ``follow``: a view drawn anew; ``verdict``: the exit code;
- ``status``, ``history``, ``order``: the commands that ask it;
- ``draws``: exact random counts without numpy;
- ``traffic``: what versions do, and the windows that are seen of them;
- ``schedules``: how a new version gets its traffic, judged or by the clock;
- ``outcomes``: many simulated releases of one scenario, added up;
- ``table``: the figures as text, JSON and a picture; ``proof``: every scenario at every traffic;
- ``options``: what is to be simulated, read from texts; ``simulate``: the command.
"""
