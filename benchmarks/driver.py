"""A process that answers events, as Lambda's runtime client does: it imports the handler, then calls it.

``driver.py HANDLER ANSWER HOLD WARMUP COUNT PRELUDE < EVENT``: the nanoseconds of each of COUNT calls, after WARMUP
others, go into the descriptor ANSWER with the last answer; then it waits until HOLD is closed, so that it can be looked
at. PRELUDE is a module to import before all else, as the handler's own program does; it may be empty.
Of several calls, those in whose midst the kernel gave the processor to another program are left out.
Imports nothing that costs a handler its own import. Each event is a fresh one, as on Lambda.
"""

import marshal
import os
import sys
from time import perf_counter_ns


class Context:
    """What handlers read of an invocation."""

    aws_request_id = "00000000-0000-4000-8000-000000000000"
    function_name = "benchmark"
    function_version = "1"
    memory_limit_in_mb = "1024"
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:benchmark"

    def get_remaining_time_in_millis(self) -> int:
        """Lambda's own name and unit."""
        return 30_000


def involuntary_switches() -> int:
    """How often this thread lost its processor without having waited for something."""
    from resource import RUSAGE_THREAD, getrusage

    return getrusage(RUSAGE_THREAD).ru_nivcsw


def main(name: str, *numbers: str, prelude: str) -> None:
    """Import the handler, answer, tell, wait."""
    destination, hold, warmup, count = map(int, numbers)
    sys.path[0] = os.getcwd()  # noqa: PTH109 - pathlib is an import that a handler may spare
    if prelude:
        __import__(prelude)
    module, _, attribute = name.rpartition(".")
    __import__(module)
    handler, context, times = getattr(sys.modules[module], attribute), Context(), []
    packed = sys.stdin.buffer.read()
    switches = involuntary_switches if count > 1 else int
    undisturbed = []
    for _number in range(warmup + count):
        event = marshal.loads(packed)  # noqa: S302 - written by the process that started this one
        before = switches()
        begun = perf_counter_ns()
        answer = handler(event, context)
        times.append(perf_counter_ns() - begun)
        undisturbed.append(switches() == before)
    chosen = [time for time, alone in zip(times[warmup:], undisturbed[warmup:]) if alone]  # noqa: B905 - of one length
    told = marshal.dumps((chosen if 2 * len(chosen) > count else times[warmup:], answer))
    told = len(told).to_bytes(4, "little") + told
    while told:
        told = told[os.write(destination, told) :]
    os.read(hold, 1)


if __name__ == "__main__":
    main(*sys.argv[1:-1], prelude=sys.argv[-1])
