"""What can go wrong on the machine that runs the emulator."""

from __future__ import annotations

from serin.errors import SerinError


class LocalError(SerinError):
    """A tool is missing, would not start, or answered something unexpected."""

    code = "local_error"


class InvocationTimedOut(LocalError):
    """The function was still working when its time was up."""

    code = "invocation_timed_out"
