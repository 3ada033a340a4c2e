"""What one run needs besides the session, kept for the next: values, run options, places for the outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ctypes import c_char_p, c_size_t, c_void_p, sizeof

from serin.engine.c_api import LOG_FATAL_ONLY
from serin.engine.handle import Handle
from serin.engine.library import API
from serin.engine.status import check, made
from serin.engine.values import Input, InvalidTensor, Output
from serin.tensor import Tensor


class RunOptions:
    """Options of one run after another, until one is told to end. Terminable by the watchdog.

    The watchdog holds a reference while it tells, so the options outlive the call whatever becomes of the run.
    """

    __slots__ = ("_handle", "address", "deadline", "is_spent")

    def __init__(self) -> None:
        self._handle = Handle(made(API.CreateRunOptions), API.ReleaseRunOptions)
        self.address = self._handle.address
        self.deadline = 0.0
        self.is_spent = False
        check(API.RunOptionsSetRunLogSeverityLevel(self.address, LOG_FATAL_ONLY))

    def terminate(self) -> None:
        """End the run that uses these options; it and every later one then fails."""
        check(API.RunOptionsSetTerminate(self.address))


class Names:
    """Names of inputs or outputs, as C strings."""

    __slots__ = ("array", "count", "names")

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self.array = (c_char_p * len(self.names))(*(name.encode() for name in self.names))
        self.count = c_size_t(len(self.names))


class Workspace:
    """For one run at a time. Nothing of a run is left in it but small inputs, which the next overwrites."""

    def __init__(self, session: int, inputs: Names, outputs: Names) -> None:
        self.options = RunOptions()
        self._inputs = tuple((index, name, Input()) for index, name in enumerate(inputs.names))
        self._values = (c_void_p * len(inputs.names))()
        self._borrows = False
        self._before = (c_void_p(session), c_void_p(self.options.address), inputs.array, self._values, inputs.count)
        self.want(outputs)

    def want(self, outputs: Names) -> None:
        """Prepare for these outputs."""
        self.outputs = outputs
        values = (c_void_p * len(outputs.names))()
        self.arguments = (*self._before, outputs.array, outputs.count, values)
        places = (c_void_p.from_buffer(values, index * sizeof(c_void_p)) for index in range(len(values)))
        self._outputs = tuple((name, Output(place)) for name, place in zip(outputs.names, places, strict=True))

    def put(self, inputs: Mapping[str, Tensor]) -> None:
        """Take the inputs of a run.

        Raises:
            InvalidTensor: one is missing, or not known; and see ``Input.put``.
            RuntimeFailure: see ``Input.put``.
        """
        if len(inputs) != len(self._inputs):
            raise InvalidTensor("not as many inputs as the model has")
        for index, name, place in self._inputs:
            try:
                tensor = inputs[name]
            except KeyError:
                raise InvalidTensor("an input is missing") from None
            if tensor.shape == place.shape and tensor.datatype is place.datatype:
                try:
                    place.memory[:] = tensor.data  # type: ignore[assignment]
                    continue
                except (TypeError, ValueError):  # another length, or bytes seen as another type
                    pass
            self._values[index] = place.put(tensor)
            self._borrows = self._borrows or not place.is_kept

    def take(self) -> dict[str, Tensor]:
        """The outputs of the run that has just succeeded, copied and released.

        Raises:
            InvalidTensor: see ``Output.take``.
            RuntimeFailure: see ``Output.take``.
        """
        results = {name: output.take() for name, output in self._outputs}
        if self._borrows:
            self._forget_inputs()
        return results

    def release(self) -> None:
        """After anything went wrong: release the outputs, and give the memory of the inputs back."""
        for _, output in self._outputs:
            output.release()
        self._forget_inputs()

    def _forget_inputs(self) -> None:
        self._borrows = False
        for _, _, place in self._inputs:
            if not place.is_kept:
                place.forget()
