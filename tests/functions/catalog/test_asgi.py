"""The shell for laptops and containers, driven through the ASGI interface message by message."""

from __future__ import annotations

import asyncio
import io
import json
import threading
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.types import ASGIApp, Message

from functions.catalog import asgi, pace
from functions.catalog.asgi import IN_FLIGHT, SMALL_BYTES, create_asgi
from functions.catalog.pace import STREAK
from serin.engine import EngineOptions
from serin.model_folder import find_model_folders
from serin.observability import Observer, ObserverSettings
from serin.rest import MAX_BODY_BYTES, Attempt, DataPlane, Request, Response
from serin.service import Service, load_service
from tests.functions.catalog.calls import call, error_of
from tests.small_models import loaded
from tests.small_models.catalogue import LOOP

PREDICT = "/models/multiply/predict"
JSON = {"content-type": "application/json"}
ROW = b'{"instances":[{"x":3}]}'


@pytest.fixture
def service(small_models: Path) -> Service:
    return load_service(find_model_folders(small_models), EngineOptions())


@pytest.fixture
def lines() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def observer(lines: io.StringIO) -> Observer:
    return Observer(ObserverSettings(stream=lines))


@pytest.fixture
def app(service: Service, observer: Observer) -> ASGIApp:
    return create_asgi(service, observer)


class Exchange:
    """One request to an application: the messages it was sent, and those it sent back."""

    def __init__(self, messages: AsyncIterator[Message], headers: list[tuple[bytes, bytes]] | None = None) -> None:
        self._messages = messages
        self.headers = headers or [(b"content-type", b"application/json")]
        self.received = 0
        self.sent: list[Message] = []

    async def run(self, app: ASGIApp, path: str = PREDICT, method: str = "POST") -> None:
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": self.headers,
            "scheme": "http",
        }
        await app(scope, self._receive, self._send)

    @property
    def status(self) -> int:
        status: int = self.sent[0]["status"]
        return status

    async def _receive(self) -> Message:
        self.received += 1
        return await anext(self._messages)

    async def _send(self, message: Message) -> None:
        self.sent.append(message)


async def whole(body: bytes = ROW) -> AsyncIterator[Message]:
    yield {"type": "http.request", "body": body, "more_body": False}
    await asyncio.Event().wait()  # a client that stays


async def leaving(after: asyncio.Event, body: bytes = ROW) -> AsyncIterator[Message]:
    yield {"type": "http.request", "body": body, "more_body": False}
    await after.wait()
    yield {"type": "http.disconnect"}


class Workbench(DataPlane):
    """A data plane whose runs end when they are let go."""

    def __init__(self, service: Service, observer: Observer) -> None:
        super().__init__(service, observer)
        self.go = threading.Event()
        self.begun: list[str] = []

    def __call__(self, request: Request) -> Response:
        self.begun.append(request.body.decode())
        assert self.go.wait(20)
        return Response(200, {"content-type": "application/json"}, b"{}")


@pytest.fixture
def workbench(service: Service, observer: Observer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workbench]:
    bench = Workbench(service, observer)
    monkeypatch.setattr(asgi, "DataPlane", lambda _service, _observer: bench)
    yield bench
    bench.go.set()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


def run(work: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(30):
            await work()

    asyncio.run(bounded())


def test_a_model_s_path_goes_to_the_data_plane(app: ASGIApp, lines: io.StringIO) -> None:
    response = call(app, PREDICT, method="POST", headers=JSON, content=ROW)
    assert response.status_code == 200
    assert response.json()["predictions"] == [{"value": 6.0}]
    assert response.headers["x-model-version"] == "1.0.0"
    assert json.loads(lines.getvalue())["request_id"] == response.headers["x-request-id"]


def test_every_other_path_goes_to_the_control_plane(app: ASGIApp, lines: io.StringIO) -> None:
    listing = call(app, "/v2/models").json()
    assert [(model["name"], model["state"]) for model in listing["models"]] == [("multiply", "ready")]
    assert lines.getvalue() == ""


@pytest.mark.parametrize("path", [PREDICT, "/v2/models/multiply", "/models/nobody/predict", "/models/", "/models/x/y"])
@pytest.mark.parametrize("method", ["HEAD", "PUT", "BREW", "GET", "POST"])
def test_what_a_method_gets_is_what_the_data_plane_says(
    service: Service, observer: Observer, app: ASGIApp, path: str, method: str
) -> None:
    response = call(app, path, method=method)
    same_id = Request(method, path, {}, b"", response.headers["x-request-id"], deadline=float("inf"))
    due = DataPlane(service, observer)(same_id)
    assert response.status_code == due.status
    assert response.content == (b"" if method == "HEAD" else due.body)
    assert {name: response.headers[name] for name in due.headers} == dict(due.headers)


@pytest.mark.parametrize("path", ["/models%2Fmultiply/predict", "/v2%2Fmodels", "/%76%32/models%2f"])
def test_an_encoded_slash_separates_nothing(app: ASGIApp, path: str) -> None:
    response = call(app, path)
    assert (response.status_code, error_of(response)) == (404, "not_found")


@pytest.mark.parametrize("path", ["/v2/models", "/v2/models/multiply", "/%76%32/models/multiply"])
def test_both_planes_honour_the_prefix_they_lie_under(app: ASGIApp, path: str) -> None:
    assert call(app, f"/dev{path}", root_path="/dev").status_code == 200


def test_a_header_with_two_meanings_is_refused(app: ASGIApp) -> None:
    async def work() -> None:
        twice = [(b"Content-Type", b"application/json"), (b"content-type", b"text/plain")]
        exchange = Exchange(whole(), twice)
        await exchange.run(app)
        assert exchange.status == 400
        assert json.loads(exchange.sent[1]["body"])["code"] == "malformed_request"

    run(work)


def test_what_is_sent_is_what_asgi_asks_for(app: ASGIApp) -> None:
    async def work() -> None:
        exchange = Exchange(whole())
        await exchange.run(app)
        start, body = exchange.sent
        assert all(name == name.lower() and type(value) is bytes for name, value in start["headers"])
        assert dict(start["headers"])[b"content-length"] == str(len(body["body"])).encode()

    run(work)


@pytest.mark.parametrize(("extra", "status"), [(-1, 200), (0, 200), (1, 413)])
def test_a_body_is_taken_up_to_its_limit(app: ASGIApp, extra: int, status: int) -> None:
    body = ROW.ljust(MAX_BODY_BYTES + extra)
    response = call(app, PREDICT, method="POST", headers=JSON, content=body)
    assert response.status_code == status
    assert status == 200 or error_of(response) == "payload_too_large"


def test_a_body_without_end_is_refused_without_being_kept(app: ASGIApp) -> None:
    size = 64 * 1024

    async def endless() -> AsyncIterator[Message]:
        while True:
            yield {"type": "http.request", "body": bytes(size), "more_body": True}

    async def work() -> None:
        exchange = Exchange(endless())
        tracemalloc.start()
        await exchange.run(app)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert exchange.status == 413
        assert exchange.received <= MAX_BODY_BYTES // size + 2
        assert peak < 10_000_000

    run(work)


def test_a_body_that_does_not_arrive_is_given_up(app: ASGIApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi, "BODY_SECONDS", 0.05)

    async def stalled() -> AsyncIterator[Message]:
        yield {"type": "http.request", "body": b"{", "more_body": True}
        await asyncio.Event().wait()

    async def work() -> None:
        exchange = Exchange(stalled())
        await exchange.run(app)
        assert exchange.status == 400

    run(work)


def test_a_client_that_leaves_before_its_body_ends_gets_no_answer(app: ASGIApp, lines: io.StringIO) -> None:
    async def cut() -> AsyncIterator[Message]:
        yield {"type": "http.request", "body": b"{", "more_body": True}
        yield {"type": "http.disconnect"}

    async def work() -> None:
        exchange = Exchange(cut())
        await exchange.run(app)
        assert exchange.sent == []

    run(work)
    assert lines.getvalue() == ""


def test_an_answer_that_nobody_takes_is_dropped(app: ASGIApp) -> None:
    class Gone(Exchange):
        async def _send(self, message: Message) -> None:
            raise OSError("the client has gone")

    async def work() -> None:
        await Gone(whole()).run(app)

    run(work)


def test_a_long_run_keeps_nobody_waiting(service: Service, observer: Observer, workbench: Workbench) -> None:
    app = create_asgi(service, observer)

    async def work() -> None:
        exchange = Exchange(whole())
        long_run = asyncio.ensure_future(exchange.run(app))
        await until(lambda: len(workbench.begun) == 1)
        live = Exchange(whole())
        await live.run(app, "/v2/health/live", "GET")
        assert live.status == 200
        assert not long_run.done()
        workbench.go.set()
        await long_run
        assert exchange.status == 200

    run(work)


class Watched(DataPlane):
    """A data plane that remembers which thread each answer was made in."""

    def __init__(self, service: Service, observer: Observer) -> None:
        super().__init__(service, observer)
        self.threads: list[int] = []

    def attempt(self, request: Request) -> Attempt:
        self.threads.append(threading.get_ident())
        return super().attempt(request)


def watched(service: Service, observer: Observer, monkeypatch: pytest.MonkeyPatch) -> tuple[ASGIApp, Watched]:
    plane = Watched(service, observer)
    monkeypatch.setattr(asgi, "DataPlane", lambda _service, _observer: plane)
    return create_asgi(service, observer), plane


def test_a_model_that_has_shown_to_be_quick_is_asked_on_the_event_loop(
    service: Service, observer: Observer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "QUICK_SECONDS", 10)  # however busy the machine is
    app, plane = watched(service, observer, monkeypatch)

    async def work() -> None:
        for _ in range(STREAK + 1):
            exchange = Exchange(whole())
            await exchange.run(app)
            assert exchange.status == 200
        here = threading.get_ident()
        assert [thread == here for thread in plane.threads] == [False] * STREAK + [True]
        large = Exchange(whole(ROW.ljust(SMALL_BYTES + 1)))
        await large.run(app)
        assert (large.status, plane.threads[-1] == here) == (200, False)

    run(work)


def test_a_slow_model_is_asked_in_a_thread_however_often(
    service: Service, observer: Observer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "QUICK_SECONDS", 0)
    app, plane = watched(service, observer, monkeypatch)

    async def work() -> None:
        for _ in range(STREAK * 2):
            await Exchange(whole()).run(app)
        assert threading.get_ident() not in plane.threads

    run(work)


def test_a_model_that_was_quick_and_is_not_keeps_nobody_waiting(
    tmp_path: Path, observer: Observer, lines: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "QUICK_SECONDS", asgi.AT_ONCE_SECONDS / 2)
    app, plane = watched(loaded([LOOP], tmp_path), observer, monkeypatch)
    path = "/models/loop/predict"

    def counting(trips: int) -> Exchange:
        return Exchange(whole(b'{"instances":[{"trips":%d}]}' % trips))

    async def work() -> None:
        here = threading.get_ident()
        async with asyncio.timeout(20):
            while here not in plane.threads:
                await counting(3).run(app, path)
        long = counting(2**60)
        running = asyncio.ensure_future(long.run(app, path))
        await until(lambda: plane.threads[-1] != here)
        live = Exchange(whole())
        await live.run(app, "/v2/health/live", "GET")
        assert live.status == 200
        assert not running.done()
        await running
        assert long.status == 504
        await counting(3).run(app, path)
        assert plane.threads[-1] != here

    run(work)
    said = [json.loads(line)["code"] for line in lines.getvalue().splitlines()]
    assert said.count("deadline_exceeded") == 1  # one request, one line, though it was begun twice


def test_a_queued_request_whose_client_leaves_never_runs(
    service: Service, observer: Observer, workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asgi, "_WORKERS", 1)
    app = create_asgi(service, observer)

    async def work() -> None:
        leave = asyncio.Event()
        first, second, third = Exchange(whole(b"1")), Exchange(leaving(leave, b"2")), Exchange(whole(b"3"))
        runs = [asyncio.ensure_future(first.run(app))]
        await until(lambda: workbench.begun == ["1"])
        runs += [asyncio.ensure_future(exchange.run(app)) for exchange in (second, third)]
        await asyncio.sleep(0.05)
        leave.set()
        await runs[1]
        workbench.go.set()
        await asyncio.gather(*runs)
        assert second.sent == []
        assert workbench.begun == ["1", "3"]

    run(work)


def test_a_client_that_leaves_a_running_model_frees_its_place(
    service: Service, observer: Observer, workbench: Workbench
) -> None:
    app = create_asgi(service, observer)

    async def work() -> None:
        leave = asyncio.Event()
        exchange = Exchange(leaving(leave))
        running = asyncio.ensure_future(exchange.run(app))
        await until(lambda: len(workbench.begun) == 1)
        leave.set()
        await running
        assert exchange.sent == []
        workbench.go.set()
        again = Exchange(whole())
        await again.run(app)
        assert again.status == 200

    run(work)


def test_more_requests_than_the_server_holds_are_told_to_come_back(
    service: Service, observer: Observer, workbench: Workbench
) -> None:
    app = create_asgi(service, observer)

    async def work() -> None:
        exchanges = [Exchange(whole()) for _ in range(IN_FLIGHT)]
        runs = [asyncio.ensure_future(exchange.run(app)) for exchange in exchanges]
        await until(lambda: len(workbench.begun) >= 4)
        late = Exchange(whole())
        await late.run(app)
        assert late.status == 503
        assert json.loads(late.sent[1]["body"])["code"] == "model_not_ready"
        workbench.go.set()
        await asyncio.gather(*runs)
        assert {exchange.status for exchange in exchanges} == {200}

    run(work)


def test_a_server_that_asks_for_a_lifespan_gets_one(app: ASGIApp) -> None:
    async def work() -> None:
        messages = iter(("lifespan.startup", "lifespan.shutdown"))
        sent: list[str] = []

        async def receive() -> Message:
            return {"type": next(messages)}

        async def send(message: Message) -> None:
            sent.append(message["type"])

        scope: dict[str, Any] = {"type": "lifespan", "asgi": {"version": "3.0"}}
        await app(scope, receive, send)
        assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]

    run(work)
