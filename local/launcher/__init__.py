"""The AWS emulator, taught what Serin's stacks need. Runs in the emulator's own environment, never in the project's.

Each module holds lessons on one subject. A lesson replaces private names of the emulator, so its version is pinned and
every name is looked up before it is replaced.
"""
