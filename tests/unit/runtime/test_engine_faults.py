"""Whatever fails inside ONNX Runtime becomes an error of Serin's, and nothing is left behind."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from ctypes import PYFUNCTYPE, c_char_p, c_int, c_void_p
from typing import Any, Final

import pytest

from serin.engine import RUNTIME_VERSION, EngineOptions, ModelLoadError, Session
from serin.engine.library import API
from serin.engine.status import RuntimeFailure, check, made
from serin.errors import ModelRejectedInput
from serin.protocol import Datatype
from serin.tensor import Tensor, pack
from tests.small_models import SmallModel
from tests.small_models.catalogue import LOOP, PAIR, identity

RELEASES: Final = ("ReleaseValue", "ReleaseRunOptions", "ReleaseTypeInfo", "ReleaseSessionOptions", "ReleaseSession")
MAKERS: Final = {
    "CreateTensorAsOrtValue": "ReleaseValue",
    "CreateTensorWithDataAsOrtValue": "ReleaseValue",
    "CreateRunOptions": "ReleaseRunOptions",
    "SessionGetInputTypeInfo": "ReleaseTypeInfo",
    "SessionGetOutputTypeInfo": "ReleaseTypeInfo",
    "CreateSessionOptions": "ReleaseSessionOptions",
    "CreateSessionFromArray": "ReleaseSession",
}
"""What makes something, and what releases it. Outputs are counted where they are taken."""
IN_A_LOAD: Final = (
    "CreateSessionOptions",
    "SetIntraOpNumThreads",
    "SetInterOpNumThreads",
    "SetSessionLogSeverityLevel",
    "DisableCpuMemArena",
    "AddSessionConfigEntry",
    "CreateSessionFromArray",
    "SessionGetInputCount",
    "SessionGetOutputCount",
    "SessionGetInputName",
    "SessionGetOutputName",
    "SessionGetInputTypeInfo",
    "SessionGetOutputTypeInfo",
    "GetOnnxTypeFromTypeInfo",
    "CastTypeInfoToTensorInfo",
    "GetTensorElementType",
    "GetDimensionsCount",
    "GetDimensions",
)
IN_A_RUN: Final = (
    "CreateTensorWithDataAsOrtValue",
    "Run",
    "GetTensorElementTypeAndShapeDataReference",
    "GetTensorMutableData",
)
IN_A_RUN_ON_STRINGS: Final = (
    "CreateTensorAsOrtValue",
    "FillStringTensor",
    "GetResizedStringTensorElementBuffer",
    "GetStringTensorDataLength",
    "GetStringTensorContent",
)
STRINGS: Final = identity(Datatype.BYTES, rank=1)


create_status: Final = PYFUNCTYPE(c_void_p, c_int, c_char_p)(c_void_p.from_address(API._table).value)  # type: ignore[arg-type]
"""The first function of the table, which the engine has no use for."""


class Books:
    """Counts what is made and released, and fails a call on demand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.open: Counter[str] = Counter()
        self._patch = monkeypatch
        for name in (*MAKERS, *RELEASES, "Run"):
            monkeypatch.setattr(API, name, self._counted(name, getattr(API, name)))

    def fail(self, name: str, *, after: int = 0) -> None:
        """Let the call ``name`` fail, once it has succeeded ``after`` times."""
        real, calls = getattr(API, name), iter(range(10**9))

        def failing(*arguments: Any) -> Any:
            if next(calls) < after:
                return real(*arguments)
            return create_status(1, b"what the model holds")

        self._patch.setattr(API, name, failing)

    def _counted(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any) -> Any:
            status = real(*arguments)
            if name in RELEASES:
                self.open[name] -= 1
            elif status is None:
                self.open["ReleaseValue" if name == "Run" else MAKERS[name]] += (
                    arguments[6].value if name == "Run" else 1
                )
            return status

        return counted

    def balance(self) -> dict[str, int]:
        return {name: count for name, count in self.open.items() if count}


@pytest.fixture
def books(monkeypatch: pytest.MonkeyPatch) -> Books:
    return Books(monkeypatch)


def load_and_run(model: SmallModel, inputs: dict[str, Tensor]) -> None:
    run_often(model.session(), inputs)


def run_often(session: Session, inputs: dict[str, Tensor]) -> None:
    for _ in range(4):
        session.run(inputs, [output.name for output in session.outputs], time.monotonic() + 60)


def pair() -> dict[str, Tensor]:
    """Two inputs, one of them small, the other large enough to be read in place."""
    rows = 20_000
    return {
        "a": Tensor(Datatype.FP32, (1, 2), pack(Datatype.FP32, [1, 2])),
        "b": Tensor(Datatype.FP32, (rows, 2), bytes(8 * rows)),
    }


def strings() -> dict[str, Tensor]:
    return {"x": Tensor(Datatype.BYTES, (2,), [b"a\0b", b"c"])}


def test_what_succeeds_leaves_nothing(books: Books) -> None:
    load_and_run(PAIR, pair())
    load_and_run(STRINGS, strings())
    assert books.balance() == {}


@pytest.mark.parametrize("name", IN_A_LOAD)
def test_a_load_that_fails_anywhere_leaves_nothing(books: Books, name: str) -> None:
    books.fail(name)
    with pytest.raises(ModelLoadError, match=rf"^ONNX Runtime {RUNTIME_VERSION} cannot open it: what the model holds$"):
        PAIR.session()
    assert books.balance() == {}


@pytest.mark.parametrize("name", [name for name in IN_A_LOAD if name.startswith(("SessionGet", "Get", "Cast", "Add"))])
def test_a_load_that_fails_halfway_leaves_nothing(books: Books, name: str) -> None:
    books.fail(name, after=0 if name.endswith("Count") else 1)
    with pytest.raises(ModelLoadError):
        PAIR.session()
    assert books.balance() == {}


@pytest.mark.parametrize("after", [0, 1, 2, 3])
@pytest.mark.parametrize("name", IN_A_RUN)
def test_a_run_that_fails_anywhere_leaves_nothing_and_tells_nothing(books: Books, name: str, after: int) -> None:
    session = PAIR.session()
    books.fail(name, after=after)
    with pytest.raises(ModelRejectedInput, match=r"^the model cannot compute an answer for this input$") as caught:
        run_often(session, pair())
    assert caught.value.__suppress_context__
    del session, caught
    assert books.balance() == {}


@pytest.mark.parametrize("name", ["CreateRunOptions", "RunOptionsSetRunLogSeverityLevel"])
def test_a_run_that_cannot_be_prepared_is_not_the_inputs_fault(books: Books, name: str) -> None:
    session = PAIR.session()
    books.fail(name)
    with pytest.raises(RuntimeFailure):
        session.run(pair(), ["sum"], time.monotonic() + 60)
    del session
    assert books.balance() == {}


@pytest.mark.parametrize("name", IN_A_RUN_ON_STRINGS)
def test_a_run_on_strings_that_fails_anywhere_leaves_nothing(books: Books, name: str) -> None:
    session = STRINGS.session()
    books.fail(name)
    with pytest.raises(ModelRejectedInput):
        session.run(strings(), ["y"], time.monotonic() + 60)
    del session
    assert books.balance() == {}


def test_the_next_run_after_a_failure_succeeds(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    session = PAIR.session()
    with monkeypatch.context() as patch:
        patch.setattr(API, "GetTensorMutableData", lambda *_: create_status(1, b"no"))
        with pytest.raises(ModelRejectedInput):
            session.run(pair(), ["sum"], time.monotonic() + 60)
    assert session.run(pair(), ["sum"], time.monotonic() + 60)["sum"].shape == (20_000, 2)


def test_an_interrupted_run_leaves_nothing(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    session, real = PAIR.session(), API.Run

    def interrupted(*arguments: Any) -> None:
        real(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(API, "Run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        session.run(pair(), ["sum"], time.monotonic() + 60)
    del session
    assert books.balance() == {}


def test_run_options_that_were_told_to_end_are_not_used_again(books: Books) -> None:
    session = LOOP.session()
    trips = {"trips": Tensor(Datatype.INT64, (), pack(Datatype.INT64, [2**62]))}
    for _ in range(3):
        with pytest.raises(Exception, match="did not finish in time"):
            session.run(trips, ["total"], time.monotonic())
    assert session._idle == []
    del session
    assert books.balance() == {}


def test_a_status_is_released_and_says_what_it_said(monkeypatch: pytest.MonkeyPatch) -> None:
    released, release = [], API.ReleaseStatus

    def noted(status: int) -> None:
        released.append(status)
        release(status)

    monkeypatch.setattr(API, "ReleaseStatus", noted)
    status = create_status(1, "naïve".encode())
    with pytest.raises(RuntimeFailure, match=r"^naïve$"):
        check(status)
    assert released == [status]
    check(None)


def test_a_call_that_makes_nothing_is_a_failure() -> None:
    with pytest.raises(RuntimeFailure, match="made nothing"):
        made(lambda *_: None)


# --- Tensors that contradict themselves -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "tensor",
    [
        Tensor(Datatype.FP32, (1, 2), bytes(7)),
        Tensor(Datatype.FP32, (1, 2), bytes(9)),
        Tensor(Datatype.FP32, (1, 2), b""),
        Tensor(Datatype.FP32, (2**61, 2), bytes(8)),
        Tensor(Datatype.FP32, (2**64, 2), bytes(8)),
        Tensor(Datatype.FP32, (0, 2**63), b""),
        Tensor(Datatype.FP32, (-1, -2), bytes(8)),
        Tensor(Datatype.FP32, (-1, 2), bytes(8)),
        Tensor(Datatype.FP32, (20_000, 2), bytes(160_001)),
        Tensor(Datatype.FP32, (20_000, 2), memoryview(bytes(320_000))[::2]),
        Tensor(Datatype.FP32, (1, 2), [b"a", b"b"]),
        Tensor(Datatype.BYTES, (1, 2), b"ab"),
        Tensor(Datatype.BYTES, (1, 2), [b"a"]),
        Tensor(Datatype.BYTES, (1, 2), [b"a", "b"]),  # type: ignore[list-item]
        Tensor(Datatype.BYTES, (1, 2), [b"a", None]),  # type: ignore[list-item]
        Tensor(Datatype.FP64, (1, 2), bytes(16)),
        Tensor(Datatype.FP32, (2,), bytes(8)),
    ],
    ids=lambda tensor: f"{tensor.datatype}-{tensor.shape}-{len(tensor.data)}",
)
@pytest.mark.parametrize("is_warm", [False, True])
def test_a_tensor_that_contradicts_itself_or_the_model_is_refused(tensor: Tensor, is_warm: bool) -> None:
    session, good = PAIR.session(), Tensor(Datatype.FP32, (1, 2), pack(Datatype.FP32, [1, 2]))
    if is_warm:
        session.run({"a": good, "b": good}, ["sum"], time.monotonic() + 60)
    with pytest.raises(ModelRejectedInput):
        session.run({"a": good, "b": tensor}, ["sum"], time.monotonic() + 60)
    assert session.run({"a": good, "b": good}, ["sum"], time.monotonic() + 60)["sum"].data == pack(
        Datatype.FP32, [2, 4]
    )


@pytest.mark.parametrize("names", [[], ["a"], ["a", "c"], ["a", "b", "c"]])
def test_other_inputs_than_the_models_are_refused(names: list[str]) -> None:
    x = Tensor(Datatype.FP32, (1, 2), bytes(8))
    with pytest.raises(ModelRejectedInput):
        PAIR.session().run(dict.fromkeys(names, x), ["sum"], time.monotonic() + 60)


@pytest.mark.parametrize("names", [["unknown"], ["sum", "unknown"], [""], ["sum\0"]])
def test_other_outputs_than_the_models_are_refused(names: list[str]) -> None:
    x = Tensor(Datatype.FP32, (1, 2), bytes(8))
    with pytest.raises(ModelRejectedInput):
        PAIR.session().run({"a": x, "b": x}, names, time.monotonic() + 60)


def test_a_string_that_is_no_text_is_not_answered() -> None:
    with pytest.raises(ModelRejectedInput):
        STRINGS.session().run({"x": Tensor(Datatype.BYTES, (1,), [b"\xff"])}, ["y"], time.monotonic() + 60)


@pytest.mark.parametrize("names", [["sum"], ["difference", "sum"], ["sum", "difference"]])
def test_outputs_come_by_name_in_whatever_order_they_are_asked_for(names: list[str]) -> None:
    x = Tensor(Datatype.FP32, (1, 2), pack(Datatype.FP32, [1, 2]))
    due = {"sum": pack(Datatype.FP32, [2, 4]), "difference": bytes(8)}
    session = PAIR.session()
    for _ in range(2):
        answer = session.run({"a": x, "b": x}, names, time.monotonic() + 60)
        assert [(name, tensor.data) for name, tensor in answer.items()] == [(name, due[name]) for name in names]


@pytest.mark.parametrize("make", [bytes, bytearray, memoryview, lambda data: memoryview(data).cast("f")])
@pytest.mark.parametrize("rows", [1, 20_000])
def test_every_kind_of_buffer_is_taken_small_and_large(make: Callable[[bytes], Any], rows: int) -> None:
    data = pack(Datatype.FP32, [float(number % 7) for number in range(2 * rows)])
    assert not isinstance(data, list)
    session = identity(Datatype.FP32).session()
    for _ in range(3):
        answer = session.run({"x": Tensor(Datatype.FP32, (rows, 2), make(bytes(data)))}, ["y"], time.monotonic() + 60)
        assert answer["y"].data == bytes(data)


def test_a_large_buffer_is_free_again_after_the_run() -> None:
    data = bytearray(160_000)
    session = identity(Datatype.FP32).session()
    session.run({"x": Tensor(Datatype.FP32, (20_000, 2), data)}, ["y"], time.monotonic() + 60)
    data.clear()  # raises while anything still points to it


@pytest.mark.parametrize("datatype", list(Datatype))
def test_no_element_is_an_answer_too(datatype: Datatype) -> None:
    x = Tensor(datatype, (0, 3), [] if datatype is Datatype.BYTES else b"")
    assert identity(datatype).session().run({"x": x}, ["y"], time.monotonic() + 60)["y"] == x


def test_options_say_how_many_threads() -> None:
    session = Session.load(PAIR.artifact, EngineOptions(threads=2))
    assert session.inputs == PAIR.inputs
