"""Answers that are given again, and the bounds on keeping them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import chain, repeat
from typing import Any

import pytest

from serin.answers import Answer, AnswerCache, question_of
from serin.protocol import Datatype
from serin.tensor import Tensor, pack

KILOBYTE = 1024


def text(*values: str) -> Tensor:
    return Tensor(Datatype.BYTES, (len(values),), [value.encode() for value in values])


def floats(values: list[float], *shape: int) -> Tensor:
    return Tensor(Datatype.FP32, shape or (len(values),), pack(Datatype.FP32, values))


def answer(value: float) -> Answer:
    return {"y": floats([value])}


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def cache_of(**bounds: Any) -> AnswerCache:
    return AnswerCache(**({"size": 3, "seconds": 60, "max_bytes": KILOBYTE} | bounds))


def test_an_answer_is_given_again_for_the_same_question_only() -> None:
    cache = cache_of()
    cache.put(("a",), answer(1))
    assert cache.get(("a",)) == answer(1)
    assert cache.get(("b",)) is None


def test_what_was_asked_least_recently_makes_room() -> None:
    cache = cache_of(size=2)
    cache.put(("a",), answer(1))
    cache.put(("b",), answer(2))
    assert cache.get(("a",)) is not None
    cache.put(("c",), answer(3))
    assert [cache.get((name,)) is not None for name in "abc"] == [True, False, True]


def test_an_answer_is_not_given_after_its_time() -> None:
    clock = Clock()
    cache = cache_of(seconds=10, clock=clock)
    cache.put(("a",), answer(1))
    clock.now += 9.9
    assert cache.get(("a",)) == answer(1)
    clock.now += 0.1
    assert cache.get(("a",)) is None


def test_asking_does_not_prolong_an_answers_time() -> None:
    clock = Clock()
    cache = cache_of(seconds=10, clock=clock)
    cache.put(("a",), answer(1))
    for _ in range(3):
        clock.now += 4
        kept = cache.get(("a",))
    assert kept is None


def test_bytes_are_bounded_and_come_back_when_answers_go() -> None:
    cache = cache_of(size=100, max_bytes=10 * KILOBYTE)
    for number in range(50):
        cache.put((number, bytes(KILOBYTE)), {"y": Tensor(Datatype.UINT8, (KILOBYTE,), bytes(KILOBYTE))})
    kept = [number for number in range(50) if cache.get((number, bytes(KILOBYTE))) is not None]
    assert kept == [45, 46, 47, 48, 49]


def test_an_answer_larger_than_all_room_is_not_kept() -> None:
    cache = cache_of(max_bytes=KILOBYTE)
    cache.put(("big",), {"y": Tensor(Datatype.UINT8, (2 * KILOBYTE,), bytes(2 * KILOBYTE))})
    assert cache.get(("big",)) is None
    cache.put(("a",), answer(1))
    assert cache.get(("a",)) == answer(1)


def test_the_bytes_of_an_answer_that_is_replaced_or_out_of_time_are_free_again() -> None:
    clock = Clock()
    cache = cache_of(max_bytes=KILOBYTE, seconds=1, clock=clock)
    large = {"y": Tensor(Datatype.UINT8, (KILOBYTE,), bytes(KILOBYTE))}
    for _ in range(3):
        cache.put((), large)
        cache.put((), large)
        assert cache.get(()) == large
        clock.now += 2
        assert cache.get(()) is None


def test_the_order_of_inputs_in_a_request_says_nothing() -> None:
    a, b = floats([1]), floats([2])
    assert question_of({"a": a, "b": b}, ("a", "b"), ["y"]) == question_of({"b": b, "a": a}, ("a", "b"), ["y"])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (floats([1, 2, 3, 4], 2, 2), floats([1, 2, 3, 4], 4, 1)),
        (floats([0.0]), floats([-0.0])),
        (text("ab", "c"), text("a", "bc")),
        (text("1"), Tensor(Datatype.UINT8, (1,), b"1")),
    ],
)
def test_different_inputs_are_different_questions(one: Tensor, other: Tensor) -> None:
    assert question_of({"x": one}, ("x",), ["y"]) != question_of({"x": other}, ("x",), ["y"])


def test_different_outputs_are_different_questions() -> None:
    x = floats([1])
    assert question_of({"x": x}, ("x",), ["y"]) != question_of({"x": x}, ("x",), ["y", "z"])


def test_a_question_outlives_the_body_that_it_came_in() -> None:
    body = bytearray(pack(Datatype.FP32, [1.0]))  # type: ignore[arg-type]
    question = question_of({"x": Tensor(Datatype.FP32, (1,), memoryview(body))}, ("x",), ["y"])
    body[:] = bytes(len(body))
    assert question == question_of({"x": floats([1])}, ("x",), ["y"])


def test_threads_share_it_without_losing_a_byte_of_its_room() -> None:
    cache = cache_of(size=5, max_bytes=KILOBYTE)
    wrong: list[object] = []

    def work(numbers: Iterator[int]) -> None:
        for number in numbers:
            found = cache.get((number,))
            if found is not None and found != answer(number):
                wrong.append(found)
            cache.put((number,), answer(number))

    rounds = [chain.from_iterable(repeat(range(start, start + 8), 500)) for start in range(4)]
    threads = [threading.Thread(target=work, args=(numbers,)) for numbers in rounds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    whole = {"y": Tensor(Datatype.UINT8, (KILOBYTE,), bytes(KILOBYTE))}
    cache.put((), whole)
    assert cache.get(()) == whole
